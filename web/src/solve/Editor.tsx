// CodeMirror 6 in a shadow root: there style-mod uses adoptedStyleSheets, so `style-src 'self'` holds without a nonce.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { Annotation, Compartment, EditorState, type Extension, Prec } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useImperativeHandle, useRef } from "react";
import { solveText } from "../text/solve";
import type { EditorProps } from "./editor-props";
import type { Place } from "./places";

// Each grammar is a chunk of its own, loaded when its language is first chosen.
const GRAMMARS: [RegExp, () => Promise<Extension>][] = [
  [/^(c|cpp\d*)$/, async () => (await import("@codemirror/lang-cpp")).cpp()],
  [/^rust$/, async () => (await import("@codemirror/lang-rust")).rust()],
  [/^go$/, async () => (await import("@codemirror/lang-go")).go()],
  [/^java$/, async () => (await import("@codemirror/lang-java")).java()],
  [/^(python|pypy)/, async () => (await import("@codemirror/lang-python")).python()],
  [/^javascript$/, async () => (await import("@codemirror/lang-javascript")).javascript()],
  [/^typescript$/, async () => (await import("@codemirror/lang-javascript")).javascript({ typescript: true })],
];
const grammar = async (id: string) => (await GRAMMARS.find(([pattern]) => pattern.test(id))?.[1]()) ?? [];
const indent = (id: string) => indentUnit.of(/^(java|type)script$/.test(id) ? "  " : id === "go" ? "\t" : "    ");

const theme = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "var(--surface)", fontSize: "0.875rem" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55" },
  ".cm-content": { caretColor: "var(--accent)", padding: "0.5rem 0" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--quiet)", border: "none", paddingLeft: "0.25rem" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--accent) 6%, transparent)" },
  ".cm-activeLineGutter": { color: "var(--ink)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--accent) 24%, transparent)",
  },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-soft)", outline: "1px solid var(--accent)" },
  ".cm-tooltip": {
    backgroundColor: "var(--surface)",
    border: "1px solid var(--line-strong)",
    borderRadius: "0.375rem",
    overflow: "hidden",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  // The package's own marks are data: images, which the policy forbids.
  ".cm-lint-marker": {
    content: "normal",
    width: "0.5rem",
    height: "0.5rem",
    margin: "0.4rem 0.2rem",
    borderRadius: "50%",
    backgroundColor: "var(--bad)",
  },
  ".cm-lint-marker-error": { content: "normal" },
  ".cm-lint-marker-warning": { content: "normal", backgroundColor: "var(--warn)" },
  ".cm-lintRange-error, .cm-lintRange-warning": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--bad)",
  },
  ".cm-lintRange-warning": { textDecorationColor: "var(--warn)" },
  ".cm-lintPoint::after": { borderBottomColor: "var(--bad) !important" },
  ".cm-diagnostic": { fontFamily: "var(--sans)", fontSize: "0.8125rem" },
});

const highlight = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.controlKeyword], color: "var(--accent)", fontWeight: "600" },
  { tag: [tags.string, tags.character, tags.regexp], color: "var(--good)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--warn)" },
  { tag: [tags.comment, tags.meta, tags.processingInstruction], color: "var(--quiet)" },
  { tag: [tags.typeName, tags.className, tags.namespace], color: "var(--accent-strong)" },
  { tag: tags.invalid, color: "var(--bad)" },
]);

/** A key that is held down submits once. */
const held = EditorView.domEventHandlers({
  keydown: ({ repeat, key, ctrlKey, metaKey }) => repeat && key === "Enter" && (ctrlKey || metaKey),
});

/** Marks a change that is not the user's. */
const replaced = Annotation.define<boolean>();

function diagnostics(state: EditorState, places: Place[]): Diagnostic[] {
  return places
    .filter(({ line }) => line >= 1 && line <= state.doc.lines)
    .map(({ line, column, severity, message }) => {
      const { from, to } = state.doc.line(line);
      const start = Math.min(to, from + Math.max(0, (column ?? 1) - 1));
      return { from: start, to: column === null ? to : Math.min(to, start + 1), severity, message };
    });
}

export default function Editor({
  ref,
  language,
  document,
  value,
  label,
  places,
  onChange,
  onSubmit,
  onRun,
}: EditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const syntax = useRef(new Compartment());
  const calls = useRef({ onChange, onSubmit, onRun });
  calls.current = { onChange, onSubmit, onRun };
  const first = useRef({ value, language, label });

  useEffect(() => {
    if (!host.current) return;
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: "open" });
    const run = (what: "onSubmit" | "onRun") => () => {
      calls.current[what]();
      return true;
    };
    const editor = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: first.current.value,
        extensions: [
          Prec.highest(held),
          Prec.highest(
            keymap.of([
              { key: "Mod-Enter", run: run("onSubmit") },
              { key: "Mod-Shift-Enter", run: run("onRun") },
            ]),
          ),
          lineNumbers(),
          lintGutter(),
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          closeBrackets(),
          autocompletion(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          syntaxHighlighting(highlight),
          keymap.of([...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]),
          syntax.current.of(indent(first.current.language)),
          EditorView.contentAttributes.of({ "aria-label": first.current.label, spellcheck: "false", tabindex: "0" }),
          EditorState.tabSize.of(4),
          theme,
          EditorView.updateListener.of((update) => {
            if (update.docChanged && !update.transactions.some((each) => each.annotation(replaced)))
              calls.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    return () => {
      view.current = null;
      editor.destroy();
    };
  }, []);

  useEffect(() => {
    let left = false;
    const use = (extension: Extension) => {
      if (!left) view.current?.dispatch({ effects: syntax.current.reconfigure([extension, indent(language)]) });
    };
    // Without its grammar a program is plain text, which is no reason to say anything.
    grammar(language).then(use, () => use([]));
    return () => {
      left = true;
    };
  }, [language]);

  // What is typed is the editor's own; a value is put in only where another document is meant. Else a render that is a few
  // keys late would take them back.
  const wanted = useRef(value);
  wanted.current = value;
  // biome-ignore lint/correctness/useExhaustiveDependencies: as said
  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === wanted.current) return;
    const changes = { from: 0, to: editor.state.doc.length, insert: wanted.current };
    editor.dispatch({ changes, annotations: replaced.of(true) });
  }, [document]);

  useEffect(() => {
    const editor = view.current;
    if (editor) editor.dispatch(setDiagnostics(editor.state, diagnostics(editor.state, places)));
  }, [places]);

  useImperativeHandle(ref, () => ({
    goTo(line, column) {
      const editor = view.current;
      if (!editor) return;
      const { from, to } = editor.state.doc.line(Math.min(Math.max(1, line), editor.state.doc.lines));
      const anchor = Math.min(to, from + Math.max(0, (column ?? 1) - 1));
      editor.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
      editor.focus();
    },
  }));

  return (
    <>
      <div className="editor-host" ref={host} data-testid="editor" />
      <p className="visually-hidden">{solveText.editorHint}</p>
    </>
  );
}
