// A room, twice side by side: two windows with a connection each, so that one sees a line go through the server.
import { HeraldProvider } from "herald-client/react";
import { type FormEvent, useEffect, useState } from "react";
import { useLocation } from "wouter";
import { connect } from "../api";
import { useStored } from "../stored";
import { roomText } from "../text/room";
import { Pane } from "./Pane";
import "./room.css";

export default function Room({ name }: { name: string }) {
  const [twice, setTwice] = useStored("room-twice", "yes");
  const isTwice = twice === "yes";
  return (
    <div className="page room">
      <div className="page-head">
        <h1>{roomText.title}</h1>
        <p className="lead">{roomText.lead}</p>
      </div>
      <div className="row spread room-tools">
        <Door key={name} name={name} />
        <label className="check">
          <input type="checkbox" checked={isTwice} onChange={({ target }) => setTwice(target.checked ? "yes" : "no")} />
          {roomText.second}
        </label>
      </div>
      <div className="panes" data-one={!isTwice || undefined}>
        <Pane name={name} title={isTwice ? roomText.windows.first : name} />
        {isTwice && <Second name={name} />}
      </div>
      {isTwice && <p className="quiet small">{roomText.secondNote}</p>}
    </div>
  );
}

function Second({ name }: { name: string }) {
  const [herald] = useState(() => connect());
  useEffect(() => () => herald.close(), [herald]);
  return (
    <HeraldProvider herald={herald}>
      <Pane name={name} title={roomText.windows.second} />
    </HeraldProvider>
  );
}

function Door({ name }: { name: string }) {
  const [, go] = useLocation();
  const [value, setValue] = useState(name);
  const enter = (event: FormEvent) => {
    event.preventDefault();
    const wanted = value.trim();
    if (wanted && wanted !== name) go(`/room/${encodeURIComponent(wanted)}`);
  };
  return (
    <form className="door" onSubmit={enter}>
      <input
        aria-label={roomText.name}
        title={roomText.nameHint}
        value={value}
        required
        pattern="[a-z0-9][a-z0-9._\-]*"
        autoComplete="off"
        spellCheck={false}
        onChange={({ target }) => setValue(target.value)}
      />
      <button type="submit" disabled={value.trim() === name || value.trim() === ""}>
        {roomText.go}
      </button>
    </form>
  );
}
