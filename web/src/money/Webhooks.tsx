import { type FormEvent, useState } from "react";
import { api, type Call, type NewEndpoint, refused } from "../api";
import { milliseconds, moment } from "../format";
import { readAgain } from "../reads";
import { text } from "../text/all";
import { moneyText } from "../text/money";
import { CopyButton, Field, fieldErrors, hasRest, Notice, Problem, Scroll } from "../ui/parts";
import { useAttempts, useEndpoints } from "./data";

export function Webhooks() {
  const endpoints = useEndpoints();
  const [error, setError] = useState<unknown>(null);
  const [made, setMade] = useState<NewEndpoint | null>(null);
  const [open, setOpen] = useState<string | null>(null);
  const [doubt, setDoubt] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const items = endpoints.data ?? [];
  const shown = open ?? items[0]?.id ?? null;

  /** Does it, says what went wrong, and reads anew what it changed. */
  const doing = async (act: () => Promise<unknown>) => {
    if (busy) return;
    setBusy(true);
    setError(null);
    try {
      await act();
    } catch (caught) {
      setError(refused(caught));
    } finally {
      setBusy(false);
    }
    void readAgain("webhooks", "attempts");
  };
  const add = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const data = new FormData(form);
    const events = String(data.get("events"))
      .split(",")
      .map((each) => each.trim())
      .filter(Boolean);
    void doing(async () => {
      const endpoint = await api<NewEndpoint>("/webhooks", {
        method: "POST",
        body: { url: String(data.get("url")).trim(), events },
      });
      setMade(endpoint);
      setOpen(endpoint.id);
      form.reset();
    });
  };
  const remove = (id: string) => {
    if (doubt !== id) return setDoubt(id);
    setDoubt(null);
    setOpen(null);
    setMade(null);
    void doing(() => api(`/webhooks/${id}`, { method: "DELETE" }));
  };
  return (
    <div className="stack">
      <form className="add-webhook" onSubmit={add} noValidate>
        <Field label={moneyText.url} error={fieldErrors(error, "url")}>
          {(props) => (
            <input
              {...props}
              name="url"
              type="url"
              placeholder="https://"
              required
              autoComplete="off"
              spellCheck={false}
            />
          )}
        </Field>
        <Field label={moneyText.events} hint={moneyText.eventsHint} error={fieldErrors(error, "events")}>
          {(props) => (
            <input {...props} name="events" defaultValue="transfer.*" required autoComplete="off" spellCheck={false} />
          )}
        </Field>
        <button type="submit" disabled={busy}>
          {moneyText.add}
        </button>
      </form>
      {error && hasRest(error, ["url", "events"]) ? <Problem error={error} /> : null}
      {endpoints.error ? <Problem error={endpoints.error} retry={() => void endpoints.again()} /> : null}
      {made?.secret && (
        <p className="secret row">
          {moneyText.secret} <code>{made.secret}</code> <CopyButton value={made.secret} label={text.copy} />
        </p>
      )}
      {endpoints.data && items.length === 0 && <Notice title={moneyText.webhooksEmpty} />}
      <ul className="endpoints">
        {items.map((endpoint) => (
          <li key={endpoint.id} data-open={endpoint.id === shown || undefined}>
            <button
              type="button"
              className="plain endpoint"
              aria-expanded={endpoint.id === shown}
              onClick={() => setOpen(endpoint.id)}
            >
              <span className="mono">{endpoint.url}</span>
            </button>
            <span className="quiet small">{endpoint.events.join(", ")}</span>
            {endpoint.disabled_at && (
              <span className="small" data-tone="warn">
                {moneyText.disabled(endpoint.disabled_reason ?? "")}
              </span>
            )}
            <span className="row end">
              <button
                type="button"
                className="tiny"
                disabled={busy}
                onClick={() => void doing(() => api(`/webhooks/${endpoint.id}/ping`, { method: "POST" }))}
              >
                {moneyText.ping}
              </button>
              <button
                type="button"
                className="tiny"
                disabled={busy}
                data-tone={doubt === endpoint.id ? "bad" : undefined}
                onBlur={() => setDoubt(null)}
                onClick={() => remove(endpoint.id)}
              >
                {doubt === endpoint.id ? moneyText.removeSure : moneyText.remove}
              </button>
            </span>
          </li>
        ))}
      </ul>
      {shown && (
        <Attempts
          endpoint={shown}
          onReplay={(call) =>
            void doing(() => api(`/webhooks/${shown}/attempts/${call.id}/replay`, { method: "POST" }))
          }
        />
      )}
    </div>
  );
}

function Attempts({ endpoint, onReplay }: { endpoint: string; onReplay: (call: Call) => void }) {
  const { data, error, again } = useAttempts(endpoint);
  const columns = moneyText.attemptColumns;
  if (error) return <Problem error={error} retry={() => void again()} />;
  if (!data) return null;
  if (data.items.length === 0) return <Notice title={moneyText.attemptsEmpty} />;
  return (
    <section>
      <h2 className="part">{moneyText.attempts}</h2>
      <Scroll label={moneyText.attempts}>
        <table className="table compact">
          <thead>
            <tr>
              <th scope="col">{columns.at}</th>
              <th scope="col">{columns.event}</th>
              <th scope="col" className="wide">
                {columns.answer}
              </th>
              <th scope="col" className="number">
                {columns.took}
              </th>
              <th scope="col">
                <span className="visually-hidden">{moneyText.replay}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {data.items.map((call) => (
              <tr key={call.id}>
                <td className="quiet">{moment(call.at)}</td>
                <td>{call.event}</td>
                <td className="wide" data-tone={call.delivered ? "good" : "bad"}>
                  {[call.delivered ? moneyText.delivered : moneyText.notDelivered, call.status, call.error]
                    .filter((part) => part !== null)
                    .join(" · ")}
                </td>
                <td className="number">{milliseconds(call.duration_ms)}</td>
                <td>
                  <button type="button" className="plain tiny" onClick={() => onReplay(call)}>
                    {moneyText.replay}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}
