// Maths in a statement: `$…$` and `$$…$$` in running text, and what the server's Markdown marks as `span.math`.
// Drawn as MathML by Temml, which is loaded only where a statement has any.

const SKIP = new Set(["CODE", "PRE", "MATH"]);
export type Piece = { text: string } | { tex: string; display: boolean };

/** Splits running text at its formulas. A dollar that no other closes on the same line is a dollar; so is `\$`. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  const pattern = /(?<!\\)\$\$([^$]+)\$\$|(?<!\\)\$(?!\s)((?:[^$\n\\]|\\.)+?)(?<!\s)\$(?!\d)/g;
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > from) found.push({ text: text.slice(from, match.index) });
    found.push({ tex: match[1] ?? match[2], display: match[1] !== undefined });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ text: text.slice(from) });
  return found;
}

export async function drawMaths(root: HTMLElement): Promise<void> {
  const marked = [...root.querySelectorAll<HTMLElement>("span.math")];
  const loose = textNodes(root).filter((node) => pieces(node.data).some((piece) => "tex" in piece));
  if (marked.length === 0 && loose.length === 0) return;
  const { default: temml } = await import("temml");
  const draw = (tex: string, display: boolean) => {
    const span = document.createElement("span");
    temml.render(tex, span, { displayMode: display, throwOnError: false });
    return span;
  };
  for (const each of marked) each.replaceWith(draw(each.textContent ?? "", each.classList.contains("math-display")));
  for (const node of loose) {
    node.replaceWith(
      ...pieces(node.data).map((piece) => ("tex" in piece ? draw(piece.tex, piece.display) : piece.text)),
    );
  }
}

function textNodes(root: Node): Text[] {
  const found: Text[] = [];
  for (const child of root.childNodes) {
    if (child instanceof Text) found.push(child);
    else if (!SKIP.has(child.nodeName.toUpperCase())) found.push(...textNodes(child));
  }
  return found;
}
