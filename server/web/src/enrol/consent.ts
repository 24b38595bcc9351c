// Which text people consent to here: where fingers are compared with those of others, one that names that.

import { useQuery } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";
import { queries } from "../api/queries";
import type { PersonDetail } from "../api/types";

export function useConsentTexts() {
  const texts = useQuery({
    queryKey: ["consent-texts"],
    queryFn: () => bodyOf(api.GET("/api/v1/consent-texts")),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const rules = useQuery(queries.cardRules);
  const compares = rules.data?.compares_fingers;
  const fitting = (texts.data ?? []).filter((text) => text.covers_comparing === compares);
  return {
    error: texts.error ?? rules.error,
    refetch: () => Promise.all([texts.refetch(), rules.refetch()]),
    /** The newest that fits, in each language. */
    offered: fitting.filter((text) => text.version === fitting[0]?.version),
    /** Whether a finger may be captured by this consent as things stand: false only where it is known not to. */
    isEnough: (basis: NonNullable<PersonDetail["legal_basis"]>) =>
      basis.kind !== "consent" ||
      !compares ||
      !texts.data ||
      texts.data.some((text) => text.version === basis.consent_text_version && text.covers_comparing),
  };
}
