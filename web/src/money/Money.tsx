export default function Money() { return null; }
