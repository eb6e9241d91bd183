// What every route says. Each word of the page stands in this folder, a file for each chunk that needs it; short, plain, and the
// same word for the same thing as in docs/GLOSSARY.md.
import type { Status, Verdict } from "../api";

export const text = {
  name: "Herald",
  skip: "Skip to the content",
  nav: {
    label: "Pages",
    solve: "Solve",
    race: "Race",
    money: "Money",
    signIn: "Sign in",
  },
  signedInAs: (user: string) => `Signed in as ${user}`,
  title: (page: string) => `${page} · Herald`,
  loading: "Loading",
  retry: "Try again",
  close: "Close",
  copy: "Copy",
  copied: "Copied",
  connection: {
    connecting: "Connecting",
    open: "Live",
    waiting: "Reconnecting",
    offline: "Offline",
    closed: "Idle",
  },
  connectionNote: {
    connecting: "Opening a WebSocket",
    open: "What happens is pushed to this page",
    waiting: "The connection broke. It is tried again, and goes on where it was.",
    offline: "This device has no network. The page goes on by itself once it is back.",
    closed: "Nothing is being watched",
  },
  unreachable: {
    title: "The server does not answer",
    detail: "Check that Herald is running. What you typed is still here.",
  },
  refused: (status: number | undefined) => `The server answered ${status}`,
  notFound: { title: "There is no such page", detail: "The address leads nowhere here.", back: "To the problems" },
  broken: {
    title: "This page has failed",
    detail: "That is a fault of the page, not of what you did. Your drafts are kept.",
    reload: "Load it again",
  },

  verdict: {
    accepted: "Accepted",
    wrong_answer: "Wrong answer",
    time_limit_exceeded: "Time limit exceeded",
    memory_limit_exceeded: "Memory limit exceeded",
    output_limit_exceeded: "Output limit exceeded",
    run_time_error: "Run-time error",
    compile_error: "Compile error",
    internal_error: "Internal error",
  } satisfies Record<Verdict, string>,
  status: {
    queued: "Queued",
    compiling: "Compiling",
    running: "Running",
    finished: "Finished",
    cancelled: "Cancelled",
  } satisfies Record<Status, string>,

  signIn: {
    title: "Sign in",
    lead: "This server wants a key. It is kept for this tab only, and sent to this server only.",
    stale: "The key of this tab is not known here any more. Give another one, or sign out.",
    leadFree: "You may already use this server as you are. With a key you act as its user.",
    key: "API key",
    hint: "herald token create --user NAME prints one.",
    submit: "Sign in",
    wrong: "This key is not known here.",
    as: (user: string) => `You are ${user}`,
    guest: "Nobody has signed in: on this machine you may act as guest.",
    byKey: "Signed in with a key, for this tab only.",
    out: "Sign out",
  },
};
