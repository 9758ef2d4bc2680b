// The part of plotly.js that draws lines; the same functions, less kinds of charts.
declare module 'plotly.js-basic-dist-min' {
  import * as Plotly from 'plotly.js';
  export default Plotly;
}
