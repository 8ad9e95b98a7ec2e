// What the browser has loaded for this page: each file, and the folder that it came from.
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.files = {
  async rows() {
    if (document.readyState !== "complete") {
      await new Promise((resolve) => addEventListener("load", resolve));
    }
    await Promise.all([...document.images].map((picture) => picture.decode()));
    const element = (type, children) => ({ namespace: "dash_html_components", type, props: { children } });
    return performance
      .getEntriesByType("resource")
      .map(({ name }) => new URL(name).pathname)
      .filter((path) => /\.(css|js|svg)$/.test(path))
      .sort()
      .map((path) => path.match(/(.*\/)(.*)/))
      .map(([, folder, file]) => element("Tr", [element("Td", file), element("Td", folder)]));
  },
};
