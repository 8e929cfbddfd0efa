import { useEffect, useState } from "react";
import type { ModelOption } from "../../view.ts";

const key = "parley:model";

/** The model that the reader chose last, as long as it is still offered; else the first. */
export function useModel(models: ModelOption[]): [string | undefined, (id: string) => void] {
	const [chosen, setChosen] = useState<string>();
	useEffect(() => setChosen(localStorage.getItem(key) ?? undefined), []);
	const model = models.find(({ id }) => id === chosen) ?? models[0];
	function choose(id: string) {
		localStorage.setItem(key, id);
		setChosen(id);
	}
	return [model?.id, choose];
}
