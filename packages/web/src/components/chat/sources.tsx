import type { SourceUrlUIPart } from "ai";
import { t } from "../../text/text.ts";

/** The pages that an answer's searches have found, numbered as its text names them. */
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

/** The Markdown that makes the marks in a text (`[1]`) links to its sources. Shown nowhere. */
export function definitionsOf(sources: readonly SourceUrlUIPart[]): string {
	return sources
		.map(
			({ sourceId, url, title = "" }) =>
				`[${sourceId}]: <${literal(url)}> "${t("chat_source_of", { id: sourceId, title: literal(title) })}"\n`,
		)
		.join("");
}

/** Sources to copy behind an answer: Markdown, in which they are what its marks lead to. */
export const listOf = (sources: readonly SourceUrlUIPart[]): string =>
	sources.length === 0 ? "" : `\n\n${sources.map(({ sourceId, url }) => `[${sourceId}]: ${url}`).join("\n")}`;

/** Text inside a definition as it is: none of its characters is Markdown. */
const literal = (text: string) => text.replace(/[\\<>"&]/g, (char) => `&#${char.charCodeAt(0)};`).replace(/\s+/g, " ");

const hostOf = (url: string) => URL.parse(url)?.hostname.replace(/^www\./, "") ?? "";

/** Says what is being searched for. */
export function Searching({ query }: { query: string }) {
	return (
		<p className="mb-3 text-small text-soft wrap-anywhere" dir="auto">
			{t("chat_searching_for", { query })}
		</p>
	);
}
