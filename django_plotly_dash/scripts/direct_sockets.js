/* Websocket callbacks of apps without frames. Dash's renderer has one websocket client for all apps of a window, and the
   last app would get what is for any of them. Here that client is taken over: it hands on to one client for each app, made
   of Dash's own class, with a socket that is closed with the app. direct.js loads this where an app uses websockets. */
(() => {
  "use strict";
  if (window.djangoPlotlyDash.Socket) return;

  const MARK = "#django-plotly-dash-"; // behind the URL by which the renderer asks for a connection
  const HANDLERS = ["onSetProps", "onSetPropsBatch", "onGetPropsRequest", "onConnected", "onDisconnected", "onError"];
  const NOT_AGAIN = [1000, 4001]; // close codes after which only the next callback, or somebody who looks, connects
  const MOST_TRIES = 10;
  const LONGEST_PAUSE = 30_000; // these are milliseconds
  const HEARTBEAT = 30_000;
  const HEARTBEAT_PATIENCE = 10_000;

  const sockets = new Map(); // number -> Socket
  const callers = new WeakMap(); // what a callback sends -> the Socket of its app
  let numbers = 0;
  let Client = null; // Dash's class
  let asked = null; // the client whose app is being asked for properties

  const socketOf = (url) => sockets.get(Number(String(url).split(MARK)[1]));

  // --- taking over the renderer's client ----------------------------------------------------------------------------

  /** The renderer is about to connect for the first time: what it takes for a worker is ours. */
  function awaitClient() {
    const Native = window.SharedWorker;
    window.SharedWorker = function (url, options) {
      if (!String(url).includes(MARK)) return new Native(url, options);
      window.SharedWorker = Native;
      return fakeWorker(socketOf(url)); // undefined if its app has gone in the meantime
    };
    window.SharedWorker.prototype = Native.prototype;
    window.SharedWorker.isOurs = true;
  }

  /** The client is in no global place. It shows itself once: it binds its handler of messages when it asks for the port. */
  function fakeWorker(socket) {
    const { bind } = Function.prototype;
    let client = null;
    const port = {
      start() {},
      close() {},
      postMessage() {},
      set onmessage(_) {
        Function.prototype.bind = bind;
        if (["sendCallback", "handleMessage", "disconnect"].every((name) => typeof client?.[name] === "function")) {
          takeOver(client);
          socket?.attach(client);
        } else {
          socket?.giveUp("this version of Dash's renderer connects in a way that is not known here");
        }
      },
    };
    let isAsked = false;
    return {
      get port() {
        if (!isAsked) {
          Function.prototype.bind = function (...bound) {
            Function.prototype.bind = bind;
            client = bound[0];
            return Reflect.apply(bind, this, bound);
          };
        }
        isAsked = true;
        return port;
      },
    };
  }

  function takeOver(client) {
    Client = client.constructor;
    Object.assign(client, {
      connect(workerUrl) {
        socketOf(workerUrl)?.attach(client);
        return new Promise(() => {}); // what the renderer does next, each socket does for itself
      },
      disconnect() {}, // the renderer would mean all apps
      ensureConnected: async (config) => socketOf(config.websocket?.worker_url)?.connected(),
      sendCallback: async (payload) => callers.get(payload).call(payload),
      sendGetPropsResponse: (...answer) => asked?.sendGetPropsResponse(...answer),
    });
  }

  // --- one app ------------------------------------------------------------------------------------------------------

  class Socket {
    /** Whether apps of this window can have websockets. */
    static get isPossible() {
      const { writable } = Object.getOwnPropertyDescriptor(Function.prototype, "bind");
      return typeof window.SharedWorker === "function" && (Client !== null || writable);
    }

    /**
     * @param config what the renderer is to be told; its part for websockets is changed.
     * @param giveUp is called with an error if there is no way after all.
     */
    constructor(config, giveUp) {
      this.number = ++numbers;
      this.giveUp = (reason) => giveUp(new Error(`its websocket callbacks go over HTTP: ${reason}.`));
      this.settings = config.websocket;
      const url = new URL(this.settings.url, location.href);
      this.url = Object.assign(url, { protocol: location.protocol === "https:" ? "wss:" : "ws:" }).href;
      config.websocket = { ...config.websocket, worker_url: `${this.settings.worker_url}${MARK}${this.number}` };
      this.client = this.socket = this.timer = null;
      this.queue = [];
      this.waiting = []; // who waits until the socket is open
      this.tries = 0;
      this.isOpen = this.isClosed = false;
      this.look = () => document.visibilityState === "visible" && this.wake();
      sockets.set(this.number, this);
      if (!Client && !window.SharedWorker.isOurs) awaitClient();
    }

    /** The renderer's hooks, and one that notes which callbacks are this app's. */
    hooks(given) {
      return {
        ...{ layout_pre: null, layout_post: null, request_post: null, callback_resolved: null, request_refresh_jwt: null },
        ...given,
        request_pre: (payload, ...more) => {
          callers.set(payload, this);
          return given?.request_pre?.(payload, ...more);
        },
      };
    }

    /** The renderer has made its handlers for this app, and put them into its client. */
    attach(renderers) {
      if (this.isClosed || this.client) return;
      this.client = new Client();
      for (const name of HANDLERS) this.client[name] = renderers[name];
      const answer = renderers.onGetPropsRequest;
      this.client.onGetPropsRequest = (...question) => {
        asked = this.client;
        try {
          answer(...question);
        } finally {
          asked = null;
        }
      };
      this.client.worker = { port: { postMessage: (message) => this.send(message), close() {} } };
      document.addEventListener("visibilitychange", this.look);
      this.open();
    }

    /** Until the socket is open; tries anew if it was given up. */
    connected() {
      if (this.isOpen) return Promise.resolve();
      return new Promise((resolve, reject) => {
        this.waiting.push({ resolve, reject });
        this.open();
      });
    }

    call(payload) {
      return this.isClosed ? Promise.resolve({ status: "prevent_update" }) : this.client.sendCallback(payload);
    }

    open() {
      if (this.isClosed || !this.client || this.socket || this.timer) return;
      const socket = (this.socket = new WebSocket(this.url));
      socket.onopen = () => this.opened();
      socket.onmessage = ({ data }) => this.heard(data);
      socket.onclose = (event) => this.lost(event);
    }

    opened() {
      if (this.isClosed) return this.socket.close(1000);
      this.isOpen = true;
      this.tries = 0;
      this.active = Date.now();
      this.heart = setInterval(() => this.beat(), this.settings.heartbeat_interval || HEARTBEAT);
      this.tell("connected");
      for (const text of this.queue.splice(0)) this.socket.send(text);
      for (const { resolve } of this.waiting.splice(0)) resolve();
    }

    lost({ code, reason }) {
      const wasOpen = this.isOpen;
      this.isOpen = false;
      this.socket = null;
      this.stopHeart();
      if (this.isClosed) return;
      if (wasOpen) this.tell("disconnected", { reason: reason || "Connection closed" }); // lets go of what is under way
      if (NOT_AGAIN.includes(code) || this.tries >= MOST_TRIES) {
        const why = new Error(reason || "The server does not answer at the websocket of this app.");
        if (!NOT_AGAIN.includes(code)) console.error(`djangoPlotlyDash: ${this.url}: ${why.message}`);
        this.tries = 0;
        this.queue = [];
        for (const { reject } of this.waiting.splice(0)) reject(why);
        return;
      }
      const pause = Math.min(1000 * 2 ** this.tries + 1000 * Math.random(), LONGEST_PAUSE);
      this.tries += 1;
      this.timer = setTimeout(() => {
        this.timer = null;
        this.open();
      }, pause);
    }

    heard(data) {
      const messages = [JSON.parse(data)].flat();
      const isNews = messages.some(({ type }) => type !== "heartbeat_ack");
      clearTimeout(this.heartTimer);
      if (isNews) this.active = Date.now();
      let batch = [];
      const flush = () => {
        if (batch.length) this.tell(batch.length > 1 ? "set_props_batch" : "set_props", batch.length > 1 ? batch : batch[0]);
        batch = [];
      };
      for (const message of messages) {
        if (message.type === "set_props") {
          batch.push(message.payload);
        } else if (message.type !== "heartbeat_ack") {
          flush();
          this.client.handleMessage({ data: message });
        }
      }
      flush();
    }

    tell(type, payload) {
      this.client.handleMessage({ data: { type, payload } });
    }

    /** Take a message of the client's that is for the server. */
    send(message) {
      if (!["callback_request", "get_props_response"].includes(message.type)) return;
      this.active = Date.now();
      const text = JSON.stringify(message);
      if (this.isOpen) this.socket.send(text);
      else this.queue.push(text);
      this.open();
    }

    beat() {
      const limit = this.settings.inactivity_timeout ?? 0;
      if (limit > 0 && Date.now() - this.active >= limit) {
        this.socket.close(4001, "Inactivity timeout");
        return;
      }
      this.socket.send('{"type":"heartbeat"}');
      clearTimeout(this.heartTimer);
      this.heartTimer = setTimeout(() => this.socket?.close(4000, "Heartbeat timeout"), HEARTBEAT_PATIENCE);
    }

    stopHeart() {
      clearInterval(this.heart);
      clearTimeout(this.heartTimer);
    }

    /** Somebody looks at the page. */
    wake() {
      this.active = Date.now();
      this.open();
    }

    /** The app goes. */
    close() {
      this.isClosed = true;
      sockets.delete(this.number);
      document.removeEventListener("visibilitychange", this.look);
      clearTimeout(this.timer);
      this.stopHeart();
      if (this.isOpen) this.socket.close(1000); // one that is being opened is closed when it is open
      this.client?.disconnect(); // ends the waiting of callbacks that are under way
      for (const { resolve } of this.waiting.splice(0)) resolve();
    }
  }

  window.djangoPlotlyDash.Socket = Socket;
})();
