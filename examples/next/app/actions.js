"use server";

// What this site does at Herald for its visitors. The key stays here; a browser only gets tickets, each for one channel.
import { createHerald } from "herald-client";

const herald = createHerald({
  url: process.env.NEXT_PUBLIC_HERALD_URL ?? "http://127.0.0.1:8080",
  // Of scope admin, so that it may act for others. `herald up` wants none on its own machine.
  key: process.env.HERALD_TOKEN,
  // A real site takes the name from its session: whoever it names may watch what is that user's.
  user: "visitor",
});

/** The answer to the form: what to watch, or why not. */
export async function submit(_, form) {
  const source = String(form.get("source"));
  try {
    const { id } = await herald.submit({ problem: "a-plus-b", language: "python", source });
    return { source, id };
  } catch (error) {
    return { source, refusal: error.message };
  }
}

export const ticketFor = async (channel) => herald.request("tickets", { method: "POST", body: { channel } });
