// What a page needs to show formulas, beside their markup. Selected formulas are copied as TeX.
import "katex/contrib/copy-tex";
import "katex/dist/katex.min.css";
