import { rich } from "../../text/rich.ts";
import type { LegalView } from "../../view/legal.ts";
import { AnswerText } from "../answer-text/answer-text.tsx";
import { Page } from "./page.tsx";

/** One of the operator's legal pages: their Markdown, or a link to it. */
export function LegalText({ page, title, text, address }: LegalView & { page: string }) {
	return (
		<Page>
			<article className="mx-auto max-w-read">
				<h1 className="mb-6 text-balance font-semibold text-display tracking-tight">{title ?? page}</h1>
				{text !== null ? (
					<AnswerText text={text} />
				) : (
					<p>
						{rich("legal_elsewhere", {
							address: (
								<a href={address} className="link">
									{address}
								</a>
							),
						})}
					</p>
				)}
			</article>
		</Page>
	);
}
