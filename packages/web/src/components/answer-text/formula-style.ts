// Styles and fonts for formulas. Also copies selected formulas as TeX.
import "katex/contrib/copy-tex";
import "katex/dist/katex.min.css";

const FONTS = ["1em KaTeX_Main", "italic 1em KaTeX_Math", "1em KaTeX_Size1", "1em KaTeX_Size2"];

/**
 * The fonts that most formulas need, or the failure to load them. A formula rendered before them makes the browser search all system fonts, which
 * takes a slow phone longer than a frame, and shifts once they arrive.
 */
export const formulaFonts = Promise.allSettled(FONTS.map((font) => document.fonts.load(font)));
