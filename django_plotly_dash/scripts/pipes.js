/* Live updating: one websocket for all pipes of a page, also for those in its frames.
 *
 * window.dpd_wsb is what dpd_components.Pipe looks for, in its own window and in those around it:
 *   add_callback(function)  calls the function with each message: {channel_name, label, value}
 *   send(message)           sends to the server: {type: "connection_triplet", channel_name, label} to subscribe,
 *                           {type: "unsubscribe", channel_name, label} to end that,
 *                           or {channel_name, label, value} for other pages, if the site allows it
 * A pipe subscribes with a uid, and again every 10 s. One that does not any more has gone.
 * A pipe that was there before has left itself in window.dpd_wsb_pre.
 *
 * The script element says where the socket is (data-url), by what kind of server the page was made (data-server), and
 * whether the page is an app's own (data-own-page); that one leaves the work to a page around it, if that does it.
 */
(function () {
  "use strict";

  var element = document.currentScript;
  // An element of that id, which anybody may have written, has the name too.
  function isThere(w) {
    return Boolean(w.dpd_wsb) && typeof w.dpd_wsb.add_callback === "function";
  }
  if (isThere(window) || window.dpd_wsb_waits === true) {
    return;
  }

  var REPEAT = 9000; // ms; pipes repeat themselves every 10 s, and equal ones are sent once
  var SWEEP = 10000; // no clock is looked at: where a browser slows down timers, it slows down those of pipes too
  var SILENT = 3; // sweeps
  var FIRST_DELAY = 1000;
  var LONGEST_DELAY = 60000;
  var STABLE = 5000; // a socket that was open for as long counts as good
  var MOST_WAITING = 100;
  var SLOWLY = [4400, 4413, 4429, 4430, 4503]; // what will not be better in a second
  var SUBSCRIBE = "connection_triplet";
  var UNSUBSCRIBE = "unsubscribe";

  var address = new URL(element.dataset.url, window.location.href);
  address.protocol = address.protocol.replace(/^http/, "ws");
  address.searchParams.set("lists", "1");

  var callbacks = []; // {run, home}
  var subscriptions = new Map(); // key -> {message, sent, silent, stays}
  var waiting = []; // other messages, until the socket is open
  var told = new Set();
  var socket = null;
  var timer = null;
  var failures = 0;
  var everOpen = false;
  var leaving = false;

  function tell(level, text) {
    if (!told.has(text)) {
      told.add(text);
      console[level]("django_plotly_dash: " + text);
    }
  }

  function open() {
    clearTimeout(timer);
    timer = null;
    if (socket || leaving) {
      return;
    }
    var opened = 0;
    var current = (socket = new WebSocket(address.href));
    current.onopen = function () {
      opened = performance.now();
      if (everOpen) {
        console.info("django_plotly_dash: live updating is connected again.");
      }
      everOpen = true;
      subscriptions.forEach(function (subscription) {
        put(subscription.message);
        subscription.sent = performance.now();
      });
      waiting.splice(0).forEach(put);
    };
    current.onmessage = function (event) {
      var content = JSON.parse(event.data);
      (Array.isArray(content) ? content : [content]).forEach(receive);
    };
    current.onclose = function (event) {
      socket = null;
      if (leaving) {
        return;
      }
      if (opened && performance.now() - opened > STABLE) {
        failures = 0;
      }
      explain(event, opened);
      var delay = Math.min(LONGEST_DELAY, FIRST_DELAY * Math.pow(2, failures));
      failures += 1;
      if (SLOWLY.indexOf(event.code) !== -1) {
        delay = LONGEST_DELAY;
      }
      // Not all pages at once when a server comes back.
      timer = setTimeout(open, delay * (0.5 + Math.random() / 2));
    };
  }

  function explain(event, opened) {
    if (event.reason || event.code >= 4000) {
      tell("error", "the server has ended live updating (" + event.code + "): " + (event.reason || "see its log") + ".");
    } else if (opened) {
      console.info("django_plotly_dash: the connection for live updating is lost; it will be made again.");
    } else if (!everOpen) {
      tell(
        "warn",
        "no websocket answers at " + address.origin + address.pathname + ", so pipes get no messages. " +
          (element.dataset.server === "wsgi"
            ? "This page comes from a WSGI server, which cannot answer websockets: serve the site, or this path, with " +
              "an ASGI server (daphne, uvicorn) that runs django_plotly_dash.routing.application."
            : "Is django_plotly_dash.routing in the site's ASGI application, does PLOTLY_DASH['ws_route'] name this " +
              "path, does a proxy in front pass websockets on, and is the page's origin allowed (see the server's log)?") +
          " It will be tried again, less and less often."
      );
    }
  }

  function put(message) {
    socket.send(JSON.stringify(message));
  }

  function isOpen() {
    return socket !== null && socket.readyState === WebSocket.OPEN;
  }

  function receive(message) {
    if (message.type === "refused") {
      tell(
        "warn",
        message.reason ||
          "the site does not let this visitor " + message.action + " (channel " + JSON.stringify(message.channel_name) +
            ", label " + JSON.stringify(message.label) + ")."
      );
      return;
    }
    callbacks.slice().forEach(function (callback) {
      try {
        callback.run(message);
      } catch (error) {
        console.error(error);
      }
    });
  }

  function send(message) {
    if (message.type === SUBSCRIBE) {
      subscribe(message);
    } else if (message.type === UNSUBSCRIBE) {
      unsubscribe(message);
      return;
    } else if (isOpen()) {
      put(message);
    } else {
      waiting.push(message);
      if (waiting.length > MOST_WAITING) {
        waiting.shift();
        tell("warn", "messages of this page are lost, since the server cannot be reached.");
      }
    }
    if (!socket && !timer) {
      open();
    }
  }

  function subscribe(message) {
    if (typeof message.channel_name !== "string" || !message.channel_name) {
      tell("error", "a Pipe has no channel_name (label " + JSON.stringify(message.label) + ").");
      return;
    }
    var known = subscriptions.get(keyOf(message));
    if (!known) {
      known = { sent: -Infinity };
      subscriptions.set(keyOf(message), known);
    }
    known.message = message;
    known.silent = 0;
    known.stays = known.stays || message.uid === undefined; // a script says it once
    if (performance.now() - known.sent < REPEAT) {
      return;
    }
    known.sent = performance.now();
    if (isOpen()) {
      put(message);
    }
  }

  function unsubscribe(message) {
    if (subscriptions.delete(keyOf(message)) && isOpen()) {
      put({ type: UNSUBSCRIBE, channel_name: message.channel_name, label: message.label });
    }
  }

  function keyOf(message) {
    return JSON.stringify([message.channel_name, message.label]);
  }

  /* Forget pipes that do not repeat themselves, and callbacks of frames that have gone. */
  function sweep() {
    subscriptions.forEach(function (subscription) {
      subscription.silent += 1;
      if (!subscription.stays && subscription.silent > SILENT) {
        unsubscribe(subscription.message);
      }
    });
    callbacks = callbacks.filter(function (callback) {
      return !callback.home || isOf(callback.run, callback.home);
    });
  }

  /* Whether a function is of what a window shows now; that of a frame changes when the frame does. */
  function isOf(run, w) {
    try {
      return !w.closed && run instanceof w.Function;
    } catch (error) {
      return false; // another site's
    }
  }

  /* This window or a frame in it, whichever a function is of. */
  function homeOf(run, w) {
    if (isOf(run, w)) {
      return w;
    }
    for (var i = 0; i < w.length; i += 1) {
      var found = homeOf(run, w[i]);
      if (found) {
        return found;
      }
    }
    return null;
  }

  function again() {
    if (!socket && timer) {
      open();
    }
  }

  function start() {
    delete window.dpd_wsb_waits;
    var bridge = {
      add_callback: function (callback) {
        callbacks.push({ run: callback, home: homeOf(callback, window) });
      },
      send: send,
    };
    window.dpd_wsb = bridge;
    var before = window.dpd_wsb_pre;
    if (before && Array.isArray(before.callbacks)) {
      before.callbacks.forEach(bridge.add_callback);
      before.sender_targets.forEach(function (target) {
        target.add_sender(bridge);
      });
    }
    setInterval(sweep, SWEEP);
    window.addEventListener("online", again);
    window.addEventListener("pagehide", function () {
      leaving = true;
      if (socket) {
        socket.onclose = null; // it may come late, when the page is back
        socket.close();
        socket = null;
      }
    });
    window.addEventListener("pageshow", function (event) {
      leaving = false;
      if (event.persisted && (subscriptions.size || waiting.length)) {
        open();
      }
    });
  }

  /* Windows around this one, from the inside outwards, as far as they are of this site. */
  function around() {
    var found = [];
    for (var w = window; w !== w.parent; w = w.parent) {
      try {
        void w.parent.document;
      } catch (error) {
        break;
      }
      found.push(w.parent);
    }
    return found;
  }

  /* In a frame: the page around it may have this script too, and may load it after the frame. */
  function startUnlessAround() {
    var windows = around();
    if (windows.some(isThere)) {
      delete window.dpd_wsb_waits;
      return;
    }
    var loaded = windows.every(function (w) {
      return w.document.readyState === "complete";
    });
    if (loaded) {
      start();
    } else {
      setTimeout(startUnlessAround, 200);
    }
  }

  if (element.dataset.ownPage !== undefined && window.parent !== window) {
    window.dpd_wsb_waits = true;
    startUnlessAround();
  } else {
    start();
  }
})();
