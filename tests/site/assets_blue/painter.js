var painterOf_blue = "blue";
window.dash_clientside = Object.assign({}, window.dash_clientside, {
  painter: { paint: (text) => painterOf_blue + " paints " + text },
});
