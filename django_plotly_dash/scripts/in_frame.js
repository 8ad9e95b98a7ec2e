/* In an app's own page: tells the page whose frame it is in how tall the app is, if that page asks. */
(() => {
  "use strict";
  if (window.parent === window) return;

  const TYPE = "django-plotly-dash";
  const ROOM = 600; // pixels that something open may add, and the height of an app that is as tall as its window
  const STEP = 120; // pixels that something open is given at a time
  const PROBE = 4; // pixels by which a frame grows once to find out whether the content is as tall as any window
  const OVERLAYS =
    '[role="dialog"], [role="listbox"], [role="menu"], [role="tooltip"], [data-radix-popper-content-wrapper], ' +
    ".modal.show, .offcanvas.show, .dropdown-menu.show";
  const html = document.documentElement;
  let isFollowed = false;
  let posted = 0;
  let before = null; // viewport and content when the height was told last
  let echoes = 0;
  let hasProbed = false;
  let isPinned = false;
  const ownScrollers = new WeakMap(); // element -> its height in a window of which height

  function tell(event, more) {
    window.parent.postMessage({ type: TYPE, event, ...more }, window.origin);
  }

  function hear({ source, origin, data }) {
    if (source !== window.parent || origin !== window.origin || data?.type !== TYPE) return;
    if (data.event === "follow" && !isFollowed) follow();
  }

  function follow() {
    isFollowed = true;
    html.style.overflowY = "hidden"; // no bar between the moment when content grows and the one when the frame does
    const sizes = new ResizeObserver(look);
    sizes.observe(html);
    sizes.observe(document.body);
    for (const child of document.body.children) sizes.observe(child);
    // What opens stands beside the app, or is marked as open.
    new MutationObserver((records) => {
      for (const { target, addedNodes } of records) {
        if (target === document.body) addedNodes.forEach((node) => node instanceof Element && sizes.observe(node));
      }
      look();
    }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["class", "style"] });
    window.addEventListener("resize", look);
    look();
  }

  let isWaiting = false;

  function look() {
    if (isWaiting) return;
    isWaiting = true;
    setTimeout(() => {
      isWaiting = false;
      measure();
    });
  }

  function measure() {
    const content = contentHeight();
    const open = openOverlays();
    const missing = Math.max(0, ...open.map(missingFor));
    let height = mayEcho(content) ? content + PROBE : content;
    if (open.length) height = Math.max(content, posted, Math.min(window.innerHeight + missing, content + ROOM));
    if (isPinned || height === posted) return;
    if (echoesTheFrame(content, open)) {
      isPinned = true;
      html.style.overflowY = "";
      height = ROOM;
    }
    posted = height;
    before = { viewport: window.innerHeight, content };
    tell("height", { height });
  }

  /** Whether the app, once it is there, is as tall as the window. It may be so in any window, and then its height tells
      nothing of what it needs. A few pixels more show that; it is tried once, and again as long as they are taken. */
  function mayEcho(content) {
    if (document.querySelector("._dash-loading") || Math.abs(content - window.innerHeight) > 1) return false;
    if (hasProbed && !hasGrownWithFrame(content)) return false;
    return (hasProbed = true);
  }

  /** Whether the content grows because the frame has grown, as that of height 100vh does: that would have no end. */
  function echoesTheFrame(content, open) {
    if (!before || open.length) return false;
    if (window.innerHeight <= before.viewport) return false;
    echoes = hasGrownWithFrame(content) ? echoes + 1 : 0;
    return echoes >= 3;
  }

  function hasGrownWithFrame(content) {
    const frameBy = window.innerHeight - (before?.viewport ?? Infinity);
    return frameBy > 0 && content - before.content >= frameBy - 2;
  }

  /** Without what stands out of the flow, and whatever the height of the window is. */
  function contentHeight() {
    const body = getComputedStyle(document.body);
    let bottom = document.body.getBoundingClientRect().top;
    for (const child of document.body.children) {
      const style = getComputedStyle(child);
      const box = child.getBoundingClientRect();
      if (["fixed", "absolute"].includes(style.position) || !box.height) continue;
      bottom = Math.max(bottom, box.bottom + Math.max(0, parseFloat(style.marginBottom) || 0));
    }
    const below = ["paddingBottom", "borderBottomWidth", "marginBottom"].map((name) => parseFloat(body[name]) || 0);
    return Math.ceil(bottom + window.scrollY + below.reduce((sum, value) => sum + value, 0));
  }

  function openOverlays() {
    const all = [...document.querySelectorAll(OVERLAYS)].filter(
      (element) => element.getBoundingClientRect().height > 0 && isOutOfFlow(element),
    );
    return all.filter((element) => !element.parentElement.closest(OVERLAYS)); // a list in a menu may be longer than it
  }

  /** Radio items and check lists are list boxes too, but stand in the page for good: they are content. */
  function isOutOfFlow(element) {
    for (let each = element; each && each !== document.body; each = each.parentElement) {
      if (["fixed", "absolute"].includes(getComputedStyle(each).position)) return true;
    }
    return false;
  }

  /** How much taller the window would have to be to show all of something that is open. */
  function missingFor(overlay) {
    const box = overlay.getBoundingClientRect();
    const outside = Math.max(0, box.bottom - window.innerHeight) + Math.max(0, -box.top);
    let hidden = 0;
    for (const element of [overlay, ...overlay.querySelectorAll("*")].slice(0, 200)) {
      const more = element.scrollHeight - element.clientHeight;
      if (more < 2 || !["auto", "scroll"].includes(getComputedStyle(element).overflowY)) continue;
      const given = ownScrollers.get(element) ?? { viewport: window.innerHeight, height: element.clientHeight };
      const used = element.clientHeight - given.height;
      ownScrollers.set(element, { viewport: window.innerHeight, height: element.clientHeight, isOwn: given.isOwn });
      // A list that does not use the room that it has been given has a height of its own.
      if (used <= 0 && window.innerHeight > given.viewport) ownScrollers.get(element).isOwn = true;
      if (!ownScrollers.get(element).isOwn) hidden = Math.max(hidden, Math.min(more, STEP));
    }
    return outside + hidden;
  }

  window.addEventListener("message", hear);
  tell("hello");
})();
