import { number } from "../../text/format.ts";
import { t } from "../../text/text.ts";

/* Prepares a file for its upload. Loaded with the first file: images are scaled down, and everything else becomes UTF-8 text. */

/** A message for the viewer on why a file cannot be attached. Retrying would not help. */
class Unusable extends Error {
	override name = "Unusable";
}

/** The longer side of a scaled image, in pixels. Models read no more than the first; the others are for images that are still too large. */
const SIDES = [1_568, 1_120, 784, 560] as const;
const THUMB_SIDE = 96;
/** A smaller image of a fitting size is sent unchanged. */
const BYTES_UNTOUCHED = 512 * 1024;
const QUALITY = 0.85;
/** The server's limit. */
const CHARS_MAX = 400_000;

export interface PreparedFile {
	body: Blob;
	/** A thumbnail of an image, as a data URL. */
	thumb?: string;
}

/**
 * Prepares a file for its upload.
 * @param bytesMax the server's limit, to which an image is scaled down
 * @throws {Unusable}
 */
export async function prepareFile(file: File, bytesMax: number): Promise<PreparedFile> {
	const head = new Uint8Array(await file.slice(0, 21).arrayBuffer());
	const is = (text: string, at = 0) => [...text].every((one, n) => head[at + n] === one.charCodeAt(0));
	const isWebp = is("RIFF") && is("WEBP", 8);
	// Scaling would freeze an animation at its first frame.
	if (is("GIF8") || (isWebp && is("VP8X", 12) && ((head[20] ?? 0) & 2) !== 0)) return image(file, bytesMax, "kept");
	if (is("\x89PNG") || isWebp) return image(file, bytesMax, "scaled");
	if (is("\xff\xd8\xff")) return image(file, bytesMax, "scaled", "image/jpeg");
	if (is("%PDF-")) return { body: asFile(await textOfPdf(file)) };
	// Formats that only some browsers decode, such as the HEIC of iPhones. SVG is text.
	if (file.type.startsWith("image/") && file.type !== "image/svg+xml") return image(file, bytesMax, "converted", "image/jpeg");
	return { body: asFile(await textOf(file)) };
}

function asFile(text: string): Blob {
	if (text.trim() === "") throw new Unusable(t("file_no_text"));
	if (text.length > CHARS_MAX) throw new Unusable(t("file_too_long", { max: number(CHARS_MAX) }));
	return new Blob([text]);
}

/** @param otherwise the format for a browser that cannot write WebP */
async function image(
	file: File,
	bytesMax: number,
	how: "kept" | "scaled" | "converted",
	otherwise: "image/png" | "image/jpeg" = "image/png",
): Promise<PreparedFile> {
	const bitmap = await createImageBitmap(file).catch(() => {
		throw new Unusable(t("file_bad_image"));
	});
	try {
		const { width, height } = bitmap;
		const side = Math.max(width, height);
		const thumb = drawn(bitmap, Math.min(1, THUMB_SIDE / Math.min(width, height))).toDataURL("image/webp", 0.7);
		const asItIs = { body: file, thumb };
		if (how === "kept") return asItIs;
		const isFine = how === "scaled" && side <= SIDES[0];
		if (isFine && file.size <= Math.min(BYTES_UNTOUCHED, bytesMax)) return asItIs;
		for (const sideMax of SIDES) {
			const body = await encoded(drawn(bitmap, Math.min(1, sideMax / side)), otherwise);
			if (isFine && file.size <= Math.min(bytesMax, body?.size ?? bytesMax)) return asItIs;
			if (body && body.size <= bytesMax) return { body, thumb };
		}
		if (how === "converted") throw new Unusable(t("file_image_too_large"));
		return asItIs;
	} finally {
		bitmap.close();
	}
}

/** A browser that cannot write WebP writes PNG instead. */
async function encoded(canvas: HTMLCanvasElement, otherwise: "image/png" | "image/jpeg"): Promise<Blob | null> {
	const as = (type: string) => new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, type, QUALITY));
	const webp = await as("image/webp");
	return webp?.type === "image/webp" || otherwise === "image/png" ? webp : as(otherwise);
}

function drawn(bitmap: ImageBitmap, scale: number): HTMLCanvasElement {
	const canvas = document.createElement("canvas");
	canvas.width = Math.max(1, Math.round(bitmap.width * scale));
	canvas.height = Math.max(1, Math.round(bitmap.height * scale));
	canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
	return canvas;
}

/** Loads the PDF reader. Browser only: the Worker bundle has no room for it within its size limit. */
const loadPdfReader = () => (import.meta.env.SSR ? Promise.reject(new Error("only in a browser")) : import("./read-pdf.ts"));

/** The pages of a PDF as text. */
async function textOfPdf(file: File): Promise<string> {
	const { readPdf } = await loadPdfReader();
	const text = await readPdf(new Uint8Array(await file.arrayBuffer()), CHARS_MAX);
	if (text === "locked") throw new Unusable(t("file_pdf_locked"));
	if (text === "damaged") throw new Unusable(t("file_pdf_damaged"));
	if (text.trim() === "") throw new Unusable(t("file_pdf_no_text"));
	return text;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it detects
const BINARY = /[\0-\x08\x0e-\x1a\x1c-\x1f]/;

/** Decodes text in UTF-8, in UTF-16 with a byte order mark, or in Windows-1252. */
async function textOf(file: File): Promise<string> {
	const bytes = new Uint8Array(await file.arrayBuffer());
	const mark = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : null;
	for (const encoding of mark ? [mark] : ["utf-8", "windows-1252"]) {
		try {
			const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
			if (!BINARY.test(text)) return text;
		} catch {
			// Try the next encoding.
		}
	}
	throw new Unusable(t("file_kind"));
}
