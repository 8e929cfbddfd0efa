import { useEffect, useState } from "react";
import type { ModelOption } from "../../view/chat.ts";

const key = "parley:model";

/** The model that the viewer chose last if it is still offered, otherwise the first one; and a function that chooses another. */
export function useModel(models: ModelOption[]): [string | undefined, (id: string) => void] {
	const [chosen, setChosen] = useState<string>();
	useEffect(() => setChosen(readChoice()), []);
	const model = models.find(({ id }) => id === chosen) ?? models[0];
	function choose(id: string) {
		keepChoice(id);
		setChosen(id);
	}
	return [model?.id, choose];
}

function readChoice(): string | undefined {
	try {
		return localStorage.getItem(key) ?? undefined;
	} catch {
		return;
	}
}

function keepChoice(id: string): void {
	try {
		localStorage.setItem(key, id);
	} catch {
		// Without storage the choice lasts as long as the page.
	}
}
