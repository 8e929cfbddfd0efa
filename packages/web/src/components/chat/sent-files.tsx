import type { FileUIPart } from "ai";
import { t } from "../../text/text.ts";
import { FileIcon } from "../frame/icons.tsx";

/** The files of a message: images are shown, others can be saved. */
export function SentFiles({ files }: { files: readonly FileUIPart[] }) {
	const images = files.filter(({ mediaType }) => mediaType.startsWith("image/"));
	const others = files.filter((file) => !images.includes(file));
	return (
		<>
			{images.length > 0 && (
				<ul aria-label={t("chat_attached_images")} className="mb-2 flex max-w-full flex-wrap justify-end gap-2">
					{images.map(({ url, filename = t("chat_image") }) => (
						<li key={url}>
							<a href={url} target="_blank" rel="noreferrer" className="block rounded-large">
								<img src={url} alt={filename} loading="lazy" className="size-40 rounded-large bg-said object-cover" />
							</a>
						</li>
					))}
				</ul>
			)}
			{others.length > 0 && (
				<ul aria-label={t("chat_attached_files")} className="mb-2 flex max-w-full flex-wrap justify-end gap-2">
					{others.map(({ url, filename = t("chat_file") }) => (
						<li key={url} className="min-w-0">
							<a
								href={url}
								download={filename}
								className="flex min-h-11 max-w-72 items-center gap-2 rounded-large bg-said px-3 py-2 text-soft"
							>
								<FileIcon />
								<span className="truncate text-ink">{filename}</span>
							</a>
						</li>
					))}
				</ul>
			)}
		</>
	);
}
