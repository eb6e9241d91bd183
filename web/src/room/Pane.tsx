// One window into a room: who is there, what was said, and a field to say something.
import type { HeraldError } from "herald-client";
import { type Room, type RoomLine, useRoom } from "herald-client/react";
import { type FormEvent, useId, useLayoutEffect, useRef, useState } from "react";
import { refused } from "../api";
import { moment } from "../format";
import { useWho } from "../signin/who";
import { roomText } from "../text/room";
import { Notice } from "../ui/parts";

/** A reader who is this near to the end of the lines wants to see the next one, in pixels. */
const NEAR = 40;

export function Pane({ name, title }: { name: string; title: string }) {
  const room = useRoom(name);
  const id = useId();
  return (
    <section className="card pane-room" aria-labelledby={id} data-state={room.state}>
      <div className="card-head">
        <h2 id={id}>{title}</h2>
        <span className="row small quiet" role="status">
          {roomText.state[room.state]}
        </span>
      </div>
      {room.state === "failed" ? (
        <Notice title={roomText.closed} detail={said(room.error)} />
      ) : (
        <>
          <Present room={room} />
          <Lines lines={room.lines} />
          <p className="small away" data-tone="warn">
            {room.state === "waiting" ? roomText.away : room.recovered === false && room.reason ? roomText.missed : ""}
          </p>
          <Say room={room} />
        </>
      )}
    </section>
  );
}

const said = (error: HeraldError | null) =>
  error ? (roomText.failed[error.code] ?? error.problem?.detail ?? error.message) : undefined;

function Present({ room: { present } }: { room: Room }) {
  return (
    <div className="present">
      <span className="quiet small">{roomText.presentCount(present.length)}</span>
      <ul aria-label={roomText.present}>
        {present.map((user) => (
          <li key={user}>{user}</li>
        ))}
      </ul>
    </div>
  );
}

function Lines({ lines }: { lines: readonly RoomLine[] }) {
  const { user } = useWho();
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const look = () => {
    const { scrollHeight, scrollTop, clientHeight } = box.current as HTMLDivElement;
    isAtEnd.current = scrollHeight - scrollTop - clientHeight < NEAR;
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: after each change of the lines
  useLayoutEffect(() => {
    if (isAtEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div className="lines-said" role="log" aria-label={roomText.lines} ref={box} onScroll={look} tabIndex={0}>
      {lines.length === 0 && <p className="quiet">{roomText.empty}</p>}
      <ol>
        {lines.map((line) => (
          <li key={line.offset} data-own={line.user === user || undefined}>
            <span className="by">
              <b>{String(line.user ?? "")}</b> <time dateTime={line.at}>{moment(line.at)}</time>
            </span>
            <span className="words">{typeof line.text === "string" ? line.text : JSON.stringify(line)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function Say({ room }: { room: Room }) {
  const [line, setLine] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<HeraldError | null>(null);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    const text = line.trim();
    if (text === "" || busy) return;
    setBusy(true);
    setError(null);
    try {
      await room.publish({ text });
      setLine("");
    } catch (caught) {
      setError(refused(caught));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="say" onSubmit={send}>
      <input
        aria-label={roomText.line}
        placeholder={roomText.line}
        value={line}
        readOnly={busy}
        maxLength={2000}
        autoComplete="off"
        onChange={({ target }) => setLine(target.value)}
      />
      <button type="submit" className="primary" disabled={line.trim() === "" || busy}>
        {busy ? roomText.sending : roomText.send}
      </button>
      {error && (
        <p role="alert" className="small" data-tone="bad">
          {said(error)}
        </p>
      )}
    </form>
  );
}
