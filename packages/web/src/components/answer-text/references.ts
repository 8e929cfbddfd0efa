/**
 * HTML's character references: the 252 of HTML 4, and others in common use. Sorted by code point. A number after a name is the distance to the
 * previous code point, in base 36; 1 if absent. (HTML 5 has 2,000 more names, which would be half of the renderer's bytes.)
 */
const NAMES = `
Tab+9 NewLine excl+n quot num dollar percnt amp apos lpar rpar ast plus comma period+2 sol colon+b semi lt equals gt quest commat
lbrack+r lsqb+0 bsol rbrack rsqb+0 Hat lowbar grave lbrace+r lcub+0 verbar vert+0 rbrace rcub+0 nbsp+z iexcl cent pound curren yen
brvbar sect uml copy ordf laquo not shy reg macr deg plusmn pm+0 sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14
frac12 half+0 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml
ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde
auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml div divide+0
oslash ugrave uacute ucirc uuml yacute thorn yuml amacr+2 abreve+2 aogon+2 cacute+2 Ccaron+5 ccaron dcaron+2 emacr+4 eogon+6
ecaron+2 Gbreve+3 gbreve imacr+c Idot+5 imath inodot+0 Lstrok+g lstrok nacute+2 ncaron+4 omacr+5 odblac+4 OElig oelig rcaron+6
sacute+2 Scedil+3 scedil Scaron scaron tcaron+4 umacr+6 uring+4 udblac+2 Yuml+7 zacute+2 zdot+2 Zcaron zcaron fnof+k circ+8k
tilde+m Alpha+51 Beta Gamma Delta Epsilon Zeta Eta Theta Iota Kappa Lambda Mu Nu Xi Omicron Pi Rho Sigma+2 Tau Upsilon Phi Chi Psi
Omega ohm+0 alpha+8 beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigmaf sigma tau upsilon phi
chi psi omega thetasym+8 upsih piv+4 ensp+5kc emsp thinsp+6 hairsp ZeroWidthSpace zwnj zwj lrm rlm dash hyphen+0 ndash+3 mdash
horbar lsquo+3 rsquo sbquo ldquo+2 rdquo bdquo dagger+2 Dagger bull hellip+4 mldr+0 permil+a pertenk prime Prime lsaquo+6 rsaquo
oline+4 caret+3 hybull+2 frasl NoBreak+s euro+24 image+2t numero+5 copysr weierp real+4 trade+6 alefsym+j frac13+u frac23 frac15
frac18+6 frac38 frac58 frac78 larr+1e leftarrow+0 uarr rarr rightarrow+0 darr harr leftrightarrow+0 mapsto+i crarr+f Leftarrow+r
lArr+0 uArr Rightarrow rArr+0 dArr Leftrightarrow hArr+0 forall+18 part+2 exist empty+2 emptyset+0 varnothing+0 nabla+2 in isin+0
notin ni+2 prod+4 sum+2 minus mp setminus+3 lowast radic+3 prop+3 infin ang+2 and+7 wedge+0 or vee+0 cap cup int there4+9
therefore+0 because sim+7 cong+9 approx+3 asymp+0 ne+o equiv le+3 leq+0 ge geq+0 sub+t subset+0 sup nsub sube+2 subseteq+0 supe
oplus+e otimes+2 perp+e sdot+w lceil+1v rceil lfloor rfloor lang+u rang squ+hj square+0 blacksquare+9 squf+0 loz+w bigcirc+11
bigstar+m starf+0 star phone+8 female+1e male+2 spades+u clubs+3 hearts+2 diams sung+4 flat+3 natural sharp check+4k checkmark+0
cross+4 malt+9 langle+5k rangle
`;

const byName = decoded();

function decoded(): Map<string, string> {
	const names = new Map<string, string>();
	let code = 0;
	for (const entry of NAMES.trim().split(/\s/)) {
		const [name = "", distance = "1"] = entry.split("+");
		code += Number.parseInt(distance, 36);
		names.set(name, String.fromCodePoint(code));
	}
	return names;
}

const REFERENCE = /&(?:#[xX]([0-9a-fA-F]{1,6})|#(\d{1,7})|([a-zA-Z][a-zA-Z0-9]{1,31}));/y;

/** The character of a reference at this offset (`&amp;`, `&#8212;`), and the reference's length. Undefined for other text. */
export function referenceAt(source: string, at: number): { text: string; length: number } | undefined {
	REFERENCE.lastIndex = at;
	const match = REFERENCE.exec(source);
	if (!match) return undefined;
	const [reference, hex, decimal, name = ""] = match;
	const text = hex ? characterOf(Number.parseInt(hex, 16)) : decimal ? characterOf(Number(decimal)) : byName.get(name);
	return text === undefined ? undefined : { text, length: reference.length };
}

/** The character of a code point. U+FFFD for an invalid one: NUL, half a surrogate pair, or beyond Unicode. */
function characterOf(code: number): string {
	const isValid = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
	return isValid ? String.fromCodePoint(code) : "\ufffd";
}

/** A link's address or title with its references and backslash escapes resolved. */
export function unescapeText(source: string): string {
	if (!/[\\&]/.test(source)) return source;
	let text = "";
	for (let at = 0; at < source.length; at += 1) {
		const reference = source[at] === "&" ? referenceAt(source, at) : undefined;
		if (reference) {
			text += reference.text;
			at += reference.length - 1;
		} else {
			if (source[at] === "\\" && isAsciiPunctuation(source.charCodeAt(at + 1))) at += 1;
			text += source[at];
		}
	}
	return text;
}

/** The characters that a backslash escapes. */
export const isAsciiPunctuation = (code: number): boolean =>
	(code >= 33 && code <= 47) || (code >= 58 && code <= 64) || (code >= 91 && code <= 96) || (code >= 123 && code <= 126);
