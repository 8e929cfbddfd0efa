import type { FileUIPart } from "ai";
import type { ModelOption } from "../../view/chat.ts";

type Model = Pick<ModelOption, "label" | "accepts">;

const isImage = ({ mediaType }: FileUIPart) => mediaType.startsWith("image/");

/** Says that a model cannot read files of a message; "" where it can. The text of files is text to every model. */
export function unreadableBy({ label, accepts }: Model, files: readonly FileUIPart[]): string {
	const images = files.filter(isImage).length;
	if (images === 0 || accepts.includes("image")) return "";
	return `${label} can’t read images. Choose another model, or remove the ${images === 1 ? "image" : "images"}.`;
}

/** The same for a message that was sent, whose files stay. */
export function unansweredBy({ label, accepts }: Model, files: readonly FileUIPart[]): string {
	return accepts.includes("image") || !files.some(isImage)
		? ""
		: `${label} can’t read images. To ask this again, choose a model that does.`;
}

/** Says that a model gets only the names of images that earlier messages have; "" where it reads them. */
export function unseenBy({ label, accepts }: Model, files: readonly FileUIPart[]): string {
	const images = files.filter(isImage).length;
	if (images === 0 || accepts.includes("image")) return "";
	return `${label} can’t see the ${images === 1 ? "image" : `${images} images`} in this chat. It gets ${images === 1 ? "its name" : "their names"} only.`;
}
