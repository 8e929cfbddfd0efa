// What a page needs to show formulas, beside their markup. Selected formulas are copied as TeX.
import "katex/contrib/copy-tex";
import "katex/dist/katex.min.css";

const FONTS = ["1em KaTeX_Main", "italic 1em KaTeX_Math", "1em KaTeX_Size1", "1em KaTeX_Size2"];

/**
 * The fonts that most formulas need, or the failure to load them. A formula that is drawn before them makes the browser look for its signs in all fonts
 * of the system, which takes a slow phone longer than a frame, and moves when they arrive.
 */
export const formulaFonts = Promise.allSettled(FONTS.map((font) => document.fonts.load(font)));
