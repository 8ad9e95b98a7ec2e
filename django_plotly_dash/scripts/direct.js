/* Puts Dash apps into a page without frames: any number, also such as come and go. docs/embedding has what others may
   call: window.djangoPlotlyDash. Dash's renderer is written for one app per page; what it keeps in global places is lent
   to one app at a time here. */
(() => {
  "use strict";
  // A fragment may bring this script again. An element of that id, which anybody may have written, has the name too.
  if (window.djangoPlotlyDash?.mount instanceof Function) return;

  const MARK = "data-django-plotly-dash";
  const PATIENCE = 30_000; // milliseconds
  const NOT_STARTED = "Dash's renderer has not started.";
  const apps = new Map(); // element -> App
  let numbers = 0;
  let turn = Promise.resolve(); // apps are mounted one after the other

  // --- React, as Dash and the page know it --------------------------------------------------------------------------

  // Dash's bundles look for React in window; so may the page's own scripts, for another version. Who asks is known
  // while a script runs.
  const libraries = {};
  const ourScripts = new WeakSet();
  const ourFolders = new Set(); // bundles fetch more of themselves from beside themselves

  function asksForDash() {
    const script = document.currentScript;
    return Boolean(script) && (ourScripts.has(script) || (script.src && ourFolders.has(folderOf(script.src))));
  }

  function folderOf(url) {
    return new URL(".", new URL(url, document.baseURI)).href;
  }

  for (const name of ["React", "ReactDOM", "PropTypes"]) {
    let ofPage = window[name];
    Object.defineProperty(window, name, {
      configurable: true,
      enumerable: true,
      get: () => (asksForDash() ? libraries[name] : ofPage ?? libraries[name]),
      set: (value) => {
        if (asksForDash()) libraries[name] = value;
        else ofPage = value;
      },
    });
  }

  // --- loading scripts and styles, each once ------------------------------------------------------------------------

  const givenUp = new WeakSet(); // elements that have been given up
  const loads = new Map(); // key -> promise of the clientside functions that a script has brought
  let knownFunctions = {};

  /** The same for a bundle below the path of any app and among the static files, and for its builds for development and
      production: library and path. For one of a CDN the server says which it is. */
  function keyOf(url) {
    const full = unquoted(new URL(url, document.baseURI).href); // some storages quote what others do not
    const ofApp = /\/_dash-component-suites\/([^?#]+)/.exec(full)?.[1].replace(/\.v[\w-]+m[\da-f]+(?=\.)/i, "");
    const ofSite = /\/dpd\/components\/([^/]+)\/[^/]+\/([^?#]+)/.exec(full);
    const bundle = ofApp ?? (ofSite && `${ofSite[1]}/${ofSite[2].replace(/\.[\da-f]{12}(?=\.\w+$)/, "")}`);
    return (bundle ?? full).replace(/\.(min|dev)(?=\.)/g, "");
  }

  function unquoted(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }

  function once(key, load) {
    if (!loads.has(key)) {
      loads.set(key, load());
      loads.get(key).catch(() => loads.delete(key)); // another app may try again
    }
    return loads.get(key);
  }

  function loadStyle(attributes) {
    const key = keyOf(attributes.href);
    const there = [...document.querySelectorAll("link[rel~=stylesheet][href]")].some((link) => keyOf(link.href) === key);
    if (there) return loads.get(key) ?? Promise.resolve();
    loads.delete(key); // it may have gone with a fragment
    return once(key, () => append("link", { rel: "stylesheet", ...attributes }));
  }

  function loadScript({ key, ...attributes }, isBundle = false) {
    return once(key ?? keyOf(attributes.src), async () => {
      noteFunctions();
      if (isBundle) ourFolders.add(folderOf(attributes.src));
      await append("script", attributes);
      return noteFunctions();
    });
  }

  function append(name, attributes) {
    const element = document.createElement(name);
    for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
    if (name === "script") {
      element.async = false; // scripts run in the order in which they are appended
      const nonce = document.querySelector("script[nonce]")?.nonce;
      if (nonce) element.nonce = nonce;
      ourScripts.add(element);
    }
    return new Promise((resolve, reject) => {
      element.onload = () => resolve();
      element.onerror = () => {
        givenUp.add(element);
        element.remove();
        reject(new Error(`${element.src || element.href} cannot be loaded.`));
      };
      document.head.append(element);
    });
  }

  // --- clientside functions -----------------------------------------------------------------------------------------

  // Two apps may have different functions of one name in their assets. So it is noted which script has brought which,
  // and each app calls its own.

  let clientside = {};
  let current = null; // the app whose clientside function runs
  let lastRendered = null;

  const isOwn = (namespace) => namespace.startsWith("~");

  function noteFunctions() {
    const found = {};
    const all = (window.dash_clientside = window.dash_clientside || {});
    for (const [namespace, functions] of namespaces(all)) {
      for (const [name, value] of Object.entries(functions)) {
        if (typeof value === "function" && knownFunctions[namespace]?.[name] !== value) {
          (found[namespace] = found[namespace] || {})[name] = value;
        }
      }
    }
    if (clientside !== all) {
      // A script has put an object of its own in the place, as Dash's documentation shows: nothing may be lost by that.
      for (const [namespace, functions] of namespaces(clientside, true)) {
        all[namespace] = isOwn(namespace) ? functions : { ...functions, ...all[namespace] };
      }
      clientside = all;
    }
    knownFunctions = Object.fromEntries(namespaces(all).map(([namespace, functions]) => [namespace, { ...functions }]));
    directSetProps();
    return found;
  }

  function namespaces(all, withOwn = false) {
    return Object.entries(all).filter(
      ([name, value]) => value && typeof value === "object" && name !== "callback_context" && (withOwn || !isOwn(name)),
    );
  }

  let dashSetProps = null;
  const ofPage = new WeakSet(); // functions of ours that stand in the places of Dash's

  /** Let Dash's functions for everybody find the right app. */
  function directSetProps() {
    const described = Object.getOwnPropertyDescriptor(clientside, "set_props");
    if (described && !ofPage.has(described.get)) {
      if (!ofPage.has(described.value)) dashSetProps = described.value;
      // Read in a clientside function, it stays with the app of that function, also after an await.
      const get = () => {
        const app = current;
        const setProps = (id, props) => inStoreOf(app ?? ownerOf(id), () => dashSetProps(id, props));
        ofPage.add(setProps);
        return setProps;
      };
      ofPage.add(get);
      const set = (value) => ofPage.has(value) || (dashSetProps = value);
      Object.defineProperty(clientside, "set_props", { configurable: true, enumerable: true, get, set });
    }
    const api = window.dash_component_api;
    if (api?.getLayout && !ofPage.has(api.getLayout)) {
      const original = api.getLayout;
      api.getLayout = (idOrPath) => {
        const app = current ?? rendering() ?? ownerOf(idOrPath, lastRendered);
        return app ? inStoreOf(app, () => original(idOrPath)) : undefined;
      };
      ofPage.add(api.getLayout);
    }
  }

  function inStoreOf(app, action) {
    if (!app) return undefined;
    const stores = window.dash_stores;
    window.dash_stores = [app.store];
    try {
      return action();
    } finally {
      window.dash_stores = stores;
    }
  }

  /** The app that a call from anywhere means; an id may be in several. */
  function ownerOf(idOrPath, fallback = null) {
    const having = [...apps.values()].filter((app) => app.has(idOrPath));
    const clicked = window.event?.target instanceof Element ? window.event.target.closest(`[${MARK}]`) : null;
    const waiting = having.filter((app) => app.waiting > 0);
    for (const app of [apps.get(clicked), fallback]) if (app && having.includes(app)) return app;
    if (having.length > 1 && waiting.length === 1) return waiting[0];
    if (having.length > 1) {
      throw new Error(
        `${JSON.stringify(idOrPath)} is in ${having.length} apps of this page. Take set_props before the first await of ` +
          "a clientside function, or call djangoPlotlyDash.setProps(element, id, props).",
      );
    }
    return having[0] ?? null;
  }

  let AppContext = null;

  /** The app whose component React renders at this moment. */
  function rendering() {
    const { ReactCurrentDispatcher } = libraries.React?.__SECRET_INTERNALS_DO_NOT_USE_OR_YOU_WILL_BE_FIRED ?? {};
    try {
      // Reading a context is no hook: it may be done at any place of a render.
      lastRendered = ReactCurrentDispatcher?.current?.readContext(AppContext) ?? lastRendered;
      return lastRendered;
    } catch {
      return null; // nothing is being rendered; effects of an app run before React renders another
    }
  }

  // --- one app ------------------------------------------------------------------------------------------------------

  class App {
    constructor(element) {
      this.element = element;
      this.number = ++numbers;
      this.url = this.launcher = null;
      this.functions = {};
      this.styles = [];
      this.hasFailed = false;
      this.waiting = 0; // clientside functions that have returned a promise
      this.store = this.root = this.container = this.socket = null;
      this.closed = false;
      this.cleanups = [() => this.effectsHaveRun()];
      this.effects = new Promise((resolve) => (this.effectsHaveRun = resolve));
      this.ready = this.start().catch((error) => this.fail(error));
      this.ready.catch(() => {}); // who does not ask is told by the console
    }

    async start() {
      this.url = addressOf(this.element);
      const { config, pages, sockets } = await this.load();
      if (config.websocket) await this.prepareSocket(config, sockets);
      const opened = turn.then(() => this.closed || this.open(config, pages));
      turn = opened.catch(() => {});
      await opened;
      if (!this.closed) await this.shown();
      if (!this.closed) this.tell("ready");
      return this;
    }

    async load() {
      const answer = await fetchConfig(this.url); // who may not see the app loads nothing else
      this.launcher = answer.launcher;
      const scripts = answer.scripts.map(({ optional, ...script }) => {
        const loaded = loadScript(script, !optional);
        return optional ? loaded.catch((error) => this.report(error)) : loaded;
      });
      this.styles = answer.styles;
      for (const functions of await Promise.all([...scripts, ...this.loadStyles()])) {
        for (const [namespace, more] of Object.entries(functions ?? {})) {
          this.functions[namespace] = { ...this.functions[namespace], ...more };
        }
      }
      return answer;
    }

    loadStyles() {
      return this.styles.map((style) => loadStyle(style).catch((error) => this.report(error)));
    }

    /** A websocket of its own for an app that uses one. */
    async prepareSocket(config, src) {
      await loadScript({ src }).catch((error) => this.report(error));
      const { Socket } = window.djangoPlotlyDash;
      const overHttp = (error) => {
        this.report(error);
        delete this.store?.getState().config?.websocket;
      };
      if (this.closed) return;
      if (Socket?.isPossible) {
        this.socket = new Socket(config, overHttp);
        this.cleanups.push(() => this.socket.close());
      } else {
        delete config.websocket;
        overHttp(new Error("its websocket callbacks go over HTTP: this browser, or the page, does not let it be otherwise."));
      }
    }

    async open(config, pages) {
      this.container = document.createElement("div");
      const data = document.createElement("div");
      data.hidden = true;
      data.textContent = JSON.stringify(config);
      this.element.replaceChildren(this.container, data);
      if (pages) this.keepPages();
      if (config.ui) placeDevTools();
      const giveBack = [lend("react-entry-point", this.container), lend("_dash-config", data)];
      try {
        this.store = await this.launch();
        if (this.closed) return this.stop();
        this.cleanups.push(this.store.subscribe(() => this.look()));
        await inTime(Promise.all([when(this.store, (state) => state.config, this), this.effects]));
      } catch (error) {
        this.stop();
        throw error;
      } finally {
        giveBack.forEach((give) => give());
        data.remove();
      }
    }

    /** Run what the app's own page would run at its end, and get hold of what the renderer makes. */
    launch() {
      const stores = (window.dash_stores = window.dash_stores || []);
      const { React, ReactDOM } = libraries;
      const { createRoot, render } = ReactDOM;
      AppContext = AppContext ?? React.createContext(null);
      // The renderer reads its configuration once more in an effect; ours runs after those of what is inside.
      const Whole = ({ children }) => {
        React.useEffect(() => this.effectsHaveRun(), []);
        return children;
      };
      const hooked = (element) =>
        React.cloneElement(element, { hooks: this.socket.hooks(element.props.hooks) });
      const named = (element) => {
        const whole = React.createElement(Whole, null, this.socket ? hooked(element) : element);
        return React.createElement(AppContext.Provider, { value: this }, whole);
      };
      const made = new Promise((resolve, reject) => {
        const caught = (store) => {
          resolve(store);
          ended();
          return stores.push(store);
        };
        const ended = (reason) => {
          clearTimeout(late);
          if (stores.push === caught) delete stores.push;
          reject(new Error(reason)); // which a promise that is fulfilled ignores
        };
        const late = setTimeout(() => ended(NOT_STARTED), PATIENCE);
        stores.push = caught;
        this.cleanups.push(() => ended("It is gone.")); // others must not wait for what was never rendered
      });
      try {
        if (createRoot) {
          ReactDOM.createRoot = (container, options) => {
            this.root = createRoot(container, options);
            return { render: (element) => this.root.render(named(element)) };
          };
        } else {
          ReactDOM.render = (element, container) => {
            this.root = { unmount: () => ReactDOM.unmountComponentAtNode(container) };
            return render(named(element), container);
          };
        }
        const start = this.launcher ? launchers.get(this.launcher) : () => new window.DashRenderer();
        start();
      } finally {
        if (createRoot) ReactDOM.createRoot = createRoot;
        else ReactDOM.render = render;
      }
      return made;
    }

    /** Whenever the store changes: what has come from the server is adapted before the renderer makes use of it. */
    look() {
      const { dependenciesRequest, layoutRequest } = this.store.getState();
      const callbacks = dependenciesRequest?.content;
      if (Array.isArray(callbacks) && callbacks !== this.callbacks) {
        this.callbacks = callbacks;
        for (const { clientside_function: called } of callbacks) {
          if (called && !isOwn(called.namespace)) called.namespace = this.namespace(called.namespace);
        }
      }
      if (this.locationType && layoutRequest?.content && layoutRequest.content !== this.layout) {
        this.layout = layoutRequest.content;
        replaceLocation(this.layout, this.locationType);
      }
    }

    namespace(name) {
      const own = `~${this.number}~${name}`;
      clientside[own] = new Proxy({}, { get: (_, called) => (...args) => this.call(name, called, args) });
      return own;
    }

    call(namespace, name, args) {
      const context = clientside.callback_context;
      // Pages of Dash set the title of the document, which is not theirs here.
      if (context?.outputs_list?.id === "_pages_dummy") return undefined;
      const functions = window.dash_clientside[namespace];
      const called = this.functions[namespace]?.[name] ?? functions?.[name];
      if (typeof called !== "function") throw new TypeError(`dash_clientside.${namespace}.${name} is not a function`);
      const before = current;
      current = this;
      let result;
      try {
        result = called.apply(functions, args);
      } finally {
        current = before;
      }
      if (typeof result?.then === "function") {
        this.waiting += 1;
        const done = () => (this.waiting -= 1);
        result.then(done, done);
      }
      return result;
    }

    has(idOrPath) {
      if (!this.store) return false;
      const { paths, layout } = this.store.getState();
      if (Array.isArray(idOrPath)) return idOrPath.reduce((value, key) => value?.[key], layout) !== undefined;
      if (typeof idOrPath !== "object") return Boolean(paths?.strs?.[idOrPath]);
      const keys = Object.keys(idOrPath).sort();
      const group = paths?.objs?.[keys.join(",")] ?? [];
      return group.some(({ values }) => keys.every((key, index) => values[index] === idOrPath[key]));
    }

    /** Until the layout stands. */
    async shown() {
      const isAnswered = ({ status } = {}) => Boolean(status) && status !== "loading";
      const isRefused = (request) => isAnswered(request) && request.status !== 200;
      // A login page, for one, is no layout; and the renderer waits forever for an answer that the network has lost.
      const isLost = (request) => isAnswered(request) && typeof request.content !== "object";
      const requests = ({ layoutRequest, dependenciesRequest }) => [layoutRequest, dependenciesRequest];
      const state = await when(
        this.store,
        (state) =>
          state.appLifecycle === "HYDRATED" ||
          requests(state).some((request) => isRefused(request) || isLost(request)) ||
          state.error?.backEnd?.length > 0 ||
          state.error?.backEndConnected === false,
        this,
      );
      if (this.closed || state.appLifecycle === "HYDRATED") return;
      if (!requests(state).some(isRefused)) this.stop(); // of a refusal the renderer tells
      throw new Error("The layout has not come.");
    }

    // Pages of Dash are chosen by the path of the document, which is the host's. The app gets a path of its own.
    keepPages() {
      this.locationType = `Location${this.number}`;
      window.djangoPlotlyDash[this.locationType] = locationComponent(this);
      const follow = (event) => {
        const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
        const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
        if (!link || !plain || link.download || !["", "_self"].includes(link.target)) return;
        const url = new URL(link.href);
        const local = url.pathname.startsWith(this.url) ? url.pathname.slice(this.url.length) : "_";
        if (url.origin !== location.origin || /^(_|assets\/)/.test(local)) return;
        event.preventDefault();
        event.stopPropagation();
        this.go(url);
      };
      this.element.addEventListener("click", follow, true);
      this.cleanups.push(
        () => this.element.removeEventListener("click", follow, true),
        () => delete window.djangoPlotlyDash[this.locationType],
      );
    }

    fail(error) {
      if (this.closed) return this;
      this.hasFailed = true;
      this.report(error);
      if (!this.root) {
        const text = document.createElement("p");
        text.className = "django-plotly-dash-error";
        text.setAttribute("role", "alert");
        text.textContent = error.forPeople ?? "This app cannot be shown.";
        this.element.replaceChildren(text);
      }
      this.tell("error", { error });
      throw error;
    }

    report(error) {
      console.error(`djangoPlotlyDash: ${this.url ?? "an element"}: ${error.message}`);
    }

    tell(what, detail = {}) {
      this.element.dispatchEvent(new CustomEvent(`django-plotly-dash:${what}`, { bubbles: true, detail }));
    }

    close() {
      this.closed = true;
      this.stop();
      if (lastRendered === this) lastRendered = null;
      this.cleanups.forEach((clean) => clean());
      this.element.replaceChildren();
    }

    /** End what the renderer does. */
    stop() {
      this.root?.unmount();
      this.root = null;
      const index = (window.dash_stores ?? []).indexOf(this.store);
      if (index >= 0) window.dash_stores.splice(index, 1);
      if (window.store === this.store) delete window.store;
      if (this.store) endJobs(this.store);
      for (const name of Object.keys(clientside)) if (name.startsWith(`~${this.number}~`)) delete clientside[name];
    }
  }

  // --- what apps need -----------------------------------------------------------------------------------------------

  const launchers = new Map();

  /** The path of an element's app. HTML that users of a site have written may have such elements too: whatever they say,
      only this site's apps are asked, and only what those answer is loaded. */
  function addressOf(element) {
    let url = null;
    try {
      url = new URL(JSON.parse(element.getAttribute(MARK)).url, document.baseURI);
    } catch {
      // It is none, which the next line says.
    }
    const isPath = /^\/(?!\/)(.*\/)?$/.test(url?.pathname); // two slashes would name a host
    if (url?.origin !== window.origin || !isPath || url.search || url.hash) {
      throw new Error("its address is no path of this site's.");
    }
    return url.pathname;
  }

  async function fetchConfig(url) {
    const response = await fetch(`${window.origin}${url}_dpd/config`, {
      credentials: "same-origin",
      headers: { Accept: "application/json" },
      redirect: "manual", // to a login, or to somewhere else: no answer of an app's
    });
    const isJson = /^application\/json\b/.test(response.headers.get("Content-Type") ?? "");
    const isOurs = isJson && response.headers.get("X-Django-Plotly-Dash") === "config"; // and not an uploaded file
    const answer = isJson ? await response.json().catch(() => null) : null;
    if (response.ok && isOurs) return answer;
    const isRedirected = response.type === "opaqueredirect";
    const what = isRedirected ? "a redirect" : `status ${response.status}`;
    const error = new Error(`its configuration was answered with ${what}${response.ok ? ", by another than an app" : ""}.`);
    const isForbidden = isRedirected || [401, 403].includes(response.status);
    // The server has a sentence for people where it knows the reason; a page of the site's own is none of ours.
    if (typeof answer?.error === "string") error.forPeople = answer.error;
    else if (isForbidden) error.forPeople = "You may not see this app, or have to log in first.";
    throw error;
  }

  /** Give an element an id that others may have; the result takes it back and lets them have it again. */
  function lend(id, element) {
    const others = [...document.querySelectorAll(`[id="${id}"]`)];
    others.forEach((other) => other.removeAttribute("id"));
    element.id = id;
    return () => {
      element.removeAttribute("id");
      others.forEach((other) => (other.id = id));
    };
  }

  /** Let the renderer ask no more for what background callbacks of an app that is gone have made. */
  function endJobs(store) {
    const end = () => {
      for (const [jobId, job] of Object.entries(store.getState().callbackJobs ?? {})) {
        if (!job.outdated) store.dispatch({ type: "CALLBACK_JOB_OUTDATED", payload: { jobId } });
      }
    };
    store.subscribe(end); // a job may have been asked for, and not been named yet
    end();
  }

  let devTools = null;

  /** Each app's dev tools into its own corner; all of them would lie in that of the window. */
  function placeDevTools() {
    if (devTools || !document.adoptedStyleSheets) return;
    devTools = new CSSStyleSheet(); // which no policy stops
    devTools.replaceSync(`[${MARK}] { position: relative } [${MARK}] .dash-debug-menu__outer { position: absolute }`);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, devTools];
  }

  /** Others wait for their turn, so nobody may take his for ever. */
  function inTime(promise) {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(NOT_STARTED)), PATIENCE);
      promise.then(resolve, reject).finally(() => clearTimeout(late));
    });
  }

  function when(store, isSo, app) {
    return new Promise((resolve) => {
      const look = () => {
        const state = store.getState();
        if (!app.closed && !isSo(state)) return false;
        resolve(state);
        return true;
      };
      if (look()) return;
      const stop = store.subscribe(() => look() && stop());
      app.cleanups.push(() => stop(), () => resolve(store.getState()));
    });
  }

  function replaceLocation(part, type) {
    if (!part || typeof part !== "object") return;
    if (part.props?.id === "_pages_location") Object.assign(part, { namespace: "djangoPlotlyDash", type });
    for (const value of Object.values(part)) replaceLocation(value, type);
  }

  function locationComponent(app) {
    return function Location({ setProps }) {
      libraries.React.useEffect(() => {
        app.go = ({ pathname, search, hash, href }) => setProps({ pathname, search, hash, href });
        app.go(new URL(app.url, document.baseURI));
      }, []);
      return null;
    };
  }

  // --- for everybody ------------------------------------------------------------------------------------------------

  const elementOf = (target) => (typeof target === "string" ? document.querySelector(target) : target);

  async function mount(target) {
    const element = elementOf(target);
    if (!element?.hasAttribute?.(MARK)) {
      throw new TypeError(`djangoPlotlyDash.mount needs an element that {% plotly_direct %} has made, not ${target}.`);
    }
    if (apps.get(element)?.hasFailed) unmount(element); // whoever asks again wants another try
    await mounted(element).ready;
    return element;
  }

  function mounted(element) {
    if (!apps.has(element)) apps.set(element, new App(element));
    return apps.get(element); // what fails, the console has been told
  }

  function unmount(target) {
    const element = elementOf(target);
    const app = apps.get(element);
    apps.delete(element);
    app?.close();
    return Boolean(app);
  }

  function setProps(target, id, props) {
    const app = apps.get(elementOf(target));
    if (!app?.store) throw new TypeError("djangoPlotlyDash.setProps needs the element of an app that is mounted.");
    inStoreOf(app, () => dashSetProps(id, props));
  }

  /** Mount what has come into the page, unmount what has gone. */
  function follow(records) {
    for (const [element, app] of [...apps]) {
      const isEmptied = app.root && app.container.parentNode !== element; // by what makes a page like a new one
      if ((!element.isConnected || isEmptied) && unmount(element) && element.isConnected) mounted(element);
    }
    const isStyle = (node) =>
      node instanceof Element && !givenUp.has(node) && (node.matches("link") || node.querySelector("link"));
    if (records.some(({ removedNodes }) => [...removedNodes].some(isStyle))) {
      apps.forEach((app) => app.loadStyles()); // tags link to a style sheet once, beside the first app that needs it
    }
    for (const { addedNodes } of records) {
      for (const node of addedNodes) {
        if (!(node instanceof Element) || !node.isConnected) continue;
        if (node.hasAttribute(MARK)) mounted(node);
        node.querySelectorAll(`[${MARK}]`).forEach(mounted);
      }
    }
  }

  window.djangoPlotlyDash = {
    mount,
    unmount,
    setProps,
    /** For the scripts of apps: how the app with that key is started. */
    launcher: (key, start) => launchers.set(key, start),
  };
  document.querySelectorAll(`[${MARK}]`).forEach(mounted);
  new MutationObserver(follow).observe(document.documentElement, { childList: true, subtree: true });
})();
