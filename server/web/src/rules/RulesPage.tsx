// Rules that hold for all doors: threat levels, the organisation's choices, travel times, airlocks.

import { Page } from "../parts/Page";
import { w } from "../words";
import { CardRulesSection } from "./CardRules";
import { CardsDue } from "./CardsDue";
import { Interlocks } from "./Interlocks";
import { TenantRulesSection } from "./TenantRules";
import { ThreatLevels } from "./ThreatLevels";
import { TravelTimes } from "./TravelTimes";

export function RulesPage() {
  return (
    <Page title={w.rulesPage.title} intro={w.rulesPage.intro}>
      <ThreatLevels />
      <TenantRulesSection />
      <CardRulesSection />
      <CardsDue />
      <TravelTimes />
      <Interlocks />
    </Page>
  );
}
