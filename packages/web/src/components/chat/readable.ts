import type { FileUIPart } from "ai";
import { t } from "../../text/text.ts";
import type { ModelOption } from "../../view/chat.ts";

type Model = Pick<ModelOption, "label" | "accepts">;

const isImage = ({ mediaType }: FileUIPart) => mediaType.startsWith("image/");

/** Says that a model cannot read files of a message; "" where it can. The text of files is text to every model. */
export function unreadableBy({ label, accepts }: Model, files: readonly FileUIPart[]): string {
	const images = files.filter(isImage).length;
	if (images === 0 || accepts.includes("image")) return "";
	return t("chat_no_images_choose", { model: label, count: images });
}

/** The same for a message that was sent, whose files stay. */
export function unansweredBy({ label, accepts }: Model, files: readonly FileUIPart[]): string {
	return accepts.includes("image") || !files.some(isImage) ? "" : t("chat_no_images_again", { model: label });
}

/** Says that a model gets only the names of images that earlier messages have; "" where it reads them. */
export function unseenBy({ label, accepts }: Model, files: readonly FileUIPart[]): string {
	const images = files.filter(isImage).length;
	if (images === 0 || accepts.includes("image")) return "";
	return t("chat_images_unseen", { model: label, count: images });
}
