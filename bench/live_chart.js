// What live_chart.py runs in its page: charts that grow, drawn by the live view or by a bare canvas.

const rows = (from, count) => {
  const x = Float64Array.from({ length: count }, (_, i) => from + i);
  return [x, x.map(value => Math.sin(value / 100) + Math.random() / 10)];
};

// The live view, its kernel played: `tell` sends what the kernel would.
async function view({ script, charts, points }) {
  const { follow } = await import(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })));
  let receive;
  const run = follow({ send() {}, on(_, callback) { receive = callback; }, off() {} }, []);
  run.show(document.body);
  const header = {
    name: 'bench', experiment: 'bench', target: 'local', resources: '', arguments: '', notes: [], error: null,
    status: 'Running', elapsed_s: 0, started_at: 1, cancelable: true
  };
  let frame = 0, at = 0;
  globalThis.tell = (count, reset = false) => {
    if (at > 2 * points) at = 0; // as the kernel does: thinned, and sent whole
    if (at === 0) count = points;
    const buffers = [];
    const metrics = Array.from({ length: charts }, (_, chart) => ({
      name: `metric ${chart}`, kind: 'row', rows: at + count, at, length: at + count,
      columns: rows(at, count).map((values, i) => (
        { name: 'xy'[i], type: 'number', last: values.at(-1), buffer: buffers.push(values.buffer) - 1 }
      ))
    }));
    const content = { type: 'frame', protocol: 1, frame: frame++, reset, metrics, images: [] };
    receive(reset ? { ...content, header } : content, buffers);
    at += count;
  };
  tell(points, true);
}

// The reference: the same lines, stroked and nothing more.
function canvas({ charts, points }) {
  const size = { width: 600, height: 250 };
  const lines = Array.from({ length: charts }, () => {
    const element = Object.assign(document.createElement('canvas'), { className: 'js-line', ...size });
    document.body.append(element);
    return { pen: element.getContext('2d'), ys: [] };
  });
  const draw = ({ pen, ys }) => {
    pen.clearRect(0, 0, size.width, size.height);
    pen.beginPath();
    ys.forEach((y, i) => pen.lineTo((size.width * i) / ys.length, size.height * (0.5 - y / 3)));
    pen.stroke();
  };
  globalThis.tell = count => {
    for (const line of lines) {
      if (line.ys.length > 2 * points) line.ys = [];
      line.ys.push(...rows(line.ys.length, line.ys.length ? count : points)[1]);
    }
    requestAnimationFrame(() => lines.forEach(draw));
  };
  tell(points);
}
