/* Gives frames that show apps their size: that of the tag, or that of the app's content, which the app's page tells.
   Sizes are set by script because a strict Content-Security-Policy stops style attributes. */
(() => {
  "use strict";
  if (window.djangoPlotlyDashFrames === true) return; // a fragment may bring this script again
  window.djangoPlotlyDashFrames = true;

  const MARK = "data-django-plotly-dash-frame";
  const TYPE = "django-plotly-dash";

  function dress(frame) {
    const [how, value] = frame.getAttribute(MARK).split(":");
    Object.assign(frame.style, { display: "block", width: "100%", boxSizing: "border-box" });
    if (how === "height") frame.style.height = value;
    if (how === "ratio") Object.assign(frame.style, { height: "auto", aspectRatio: `1 / ${value}` });
    if (how === "follow") ask(frame);
  }

  const follows = (frame) => frame.getAttribute(MARK) === "follow";

  /** The page in the frame tells its height only if it is asked to. One that has not come yet says hello when it has. */
  function ask(frame) {
    try {
      if (frame.contentWindow.location.origin !== window.origin) return;
    } catch {
      return; // the app has led the frame to another site
    }
    frame.contentWindow.postMessage({ type: TYPE, event: "follow" }, window.origin);
  }

  function hear({ source, origin, data }) {
    if (origin !== window.origin || data?.type !== TYPE) return;
    const frame = [...document.querySelectorAll(`iframe[${MARK}]`)].find((each) => each.contentWindow === source);
    if (!frame || !follows(frame)) return;
    if (data.event === "hello") ask(frame);
    if (data.event === "height" && Number.isFinite(data.height) && data.height >= 0) {
      frame.style.height = `${Math.ceil(data.height) + frame.offsetHeight - frame.clientHeight}px`;
    }
  }

  function see(records) {
    for (const { addedNodes } of records) {
      for (const node of addedNodes) {
        if (!(node instanceof Element)) continue;
        if (node.matches(`iframe[${MARK}]`)) dress(node);
        node.querySelectorAll(`iframe[${MARK}]`).forEach(dress);
      }
    }
  }

  window.addEventListener("message", hear);
  document.querySelectorAll(`iframe[${MARK}]`).forEach(dress);
  new MutationObserver(see).observe(document.documentElement, { childList: true, subtree: true });
})();
