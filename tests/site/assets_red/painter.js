var painterOf_red = "red";
window.dash_clientside = Object.assign({}, window.dash_clientside, {
  painter: { paint: (text) => painterOf_red + " paints " + text },
});
