import { t } from "../../../text/text.ts";
import type { FileLimit } from "../../../view/chat.ts";
import { readBytes } from "../../http/api.ts";
import { refuse } from "../../http/problem.ts";
import { contentOf, fileName, tokensOfFile } from "./content.ts";

/** An uploaded file with its content detected. */
export interface Upload {
	name: string;
	mediaType: string;
	tokens: number;
	bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Reads `POST /api/chat/{id}/files`: the bytes are the body, the name is in the query.
 * @throws {ProblemError} 400, 413 or 415
 */
export async function parseUpload(request: Request, limit: FileLimit): Promise<Upload> {
	const tooLarge = () => refuse("file-too-large", t("problem_file_max", { size: inWords(limit.bytes) }));
	const bytes = await readBytes(request, limit.bytes, tooLarge);
	const content = contentOf(bytes);
	if (content.kind === "refused") refuse("file-type-not-supported", content.why);
	const name = fileName(new URL(request.url).searchParams.get("name") ?? "");
	const mediaType = content.kind === "image" ? content.mediaType : "text/plain";
	return { name, mediaType, tokens: tokensOfFile(name, content), bytes };
}

const inWords = (bytes: number) => (bytes < 1024 * 1024 ? `${bytes / 1024} KB` : `${bytes / 1024 / 1024} MB`);

/** RFC 8187 allows fewer unescaped characters than encodeURIComponent. */
function named(name: string): string {
	const encoded = encodeURIComponent(name.toWellFormed()).replaceAll(
		/['()*]/g,
		(one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
	);
	return `filename*=UTF-8''${encoded}`;
}

/** The `Content-Disposition` that saves a file under a name. */
export const attached = (name: string): string => `attachment; ${named(name)}`;

/** The response with a file's bytes. Images are displayed; everything else is plain text to download, whatever it claims to be. */
export function fileResponse({ name, mediaType }: Pick<Upload, "name" | "mediaType">, content: BodyInit): Response {
	const isImage = mediaType.startsWith("image/");
	// The stored text of a PDF is not a PDF.
	const saved = !isImage && /\.pdf$/i.test(name) ? `${name}.txt` : name;
	const disposition = isImage ? `inline; ${named(saved)}` : attached(saved);
	return new Response(content, {
		headers: { "content-type": isImage ? mediaType : "text/plain; charset=utf-8", "content-disposition": disposition },
	});
}
