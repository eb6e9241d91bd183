// Watches a submission by WebSocket and goes on where it was after a cut: node watch.mjs WS_URL
// Nothing but the built-in WebSocket: Node 22, Node 20 with --experimental-websocket, Deno, Bun; a page's script is the same.
const url = process.argv[2];
let cursor;

function watch() {
  const socket = new WebSocket(cursor ? `${url}&after=${encodeURIComponent(cursor)}` : url);
  let over = false;
  socket.onmessage = ({ data: text }) => {
    const { type, cursor: at = cursor, data = {} } = JSON.parse(text);
    cursor = at;
    over = ["finished", "cancelled"].includes(data.status);
    console.log(type, data.status ?? "", data.tests?.run ?? 0, data.verdict ?? "");
    if (over) socket.close();
  };
  socket.onclose = () => over || setTimeout(watch, 500);
}
watch();
