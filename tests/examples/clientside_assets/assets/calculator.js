window.dash_clientside = Object.assign({}, window.dash_clientside, {
  calculator: {
    square: (number) => number * number,
    root: (number) => (number < 0 ? window.dash_clientside.no_update : Math.sqrt(number)),
  },
});
