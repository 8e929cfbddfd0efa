import type { SourceUrlUIPart } from "ai";
import { t } from "../../text/text.ts";

/** The pages that an answer's searches found, numbered as in its text. */
export function Sources({ sources }: { sources: readonly SourceUrlUIPart[] }) {
	if (sources.length === 0) return null;
	return (
		<section aria-label={t("chat_sources")} className="mt-4 text-small">
			<p className="text-soft">{t("chat_sources")}</p>
			<ol className="mt-1 flex flex-col">
				{sources.map(({ sourceId, url, title }) => (
					<li
						key={sourceId}
						value={Number(sourceId)}
						className="flex min-w-0 gap-2 py-1 pointer-coarse:min-h-11 pointer-coarse:items-center"
					>
						<span className="w-6 shrink-0 text-right text-soft tabular-nums">{sourceId}</span>
						<p className="min-w-0 wrap-anywhere">
							<a className="link" href={url} target="_blank" rel="noopener noreferrer nofollow" dir="auto">
								{title || url}
							</a>{" "}
							<span className="text-soft">{hostOf(url)}</span>
						</p>
					</li>
				))}
			</ol>
		</section>
	);
}

/** Markdown definitions that turn the marks in a text (`[1]`) into links to its sources. Not displayed. */
export function definitionsOf(sources: readonly SourceUrlUIPart[]): string {
	return sources
		.map(
			({ sourceId, url, title = "" }) =>
				`[${sourceId}]: <${literal(url)}> "${t("chat_source_of", { id: sourceId, title: literal(title) })}"\n`,
		)
		.join("");
}

/** Sources to copy with an answer, as Markdown definitions for its marks. */
export const listOf = (sources: readonly SourceUrlUIPart[]): string =>
	sources.length === 0 ? "" : `\n\n${sources.map(({ sourceId, url }) => `[${sourceId}]: ${url}`).join("\n")}`;

/** Escapes text for a definition, so that none of its characters is Markdown. */
const literal = (text: string) => text.replace(/[\\<>"&]/g, (char) => `&#${char.charCodeAt(0)};`).replace(/\s+/g, " ");

const hostOf = (url: string) => URL.parse(url)?.hostname.replace(/^www\./, "") ?? "";

/** Shows the current search query. */
export function Searching({ query }: { query: string }) {
	return (
		<p className="mb-3 text-small text-soft wrap-anywhere" dir="auto">
			{t("chat_searching_for", { query })}
		</p>
	);
}
