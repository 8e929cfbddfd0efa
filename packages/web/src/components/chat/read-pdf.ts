import { getDocumentProxy } from "unpdf";

/** The text of a PDF, page by page, up to the page that exceeds `charsMax` characters. May be empty, for example for a scan. */
export async function readPdf(bytes: Uint8Array, charsMax: number): Promise<string | "locked" | "damaged"> {
	try {
		const pdf = await getDocumentProxy(bytes);
		let text = "";
		try {
			for (let page = 1; page <= pdf.numPages && text.length <= charsMax; page += 1) {
				const { items } = await (await pdf.getPage(page)).getTextContent();
				const words = items.map((item) => ("str" in item ? item.str + (item.hasEOL ? "\n" : "") : "")).join("");
				if (words.trim()) text += `${text && "\n\n"}${words.trim()}`;
			}
		} finally {
			await pdf.loadingTask.destroy();
		}
		return text.toWellFormed();
	} catch (error) {
		return error instanceof Error && error.name === "PasswordException" ? "locked" : "damaged";
	}
}
