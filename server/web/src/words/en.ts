// Every text of the pages, in English. Another language is a file of the same type; the compiler says what it lacks.

import { access } from "./en/access";
import { acts, subjects } from "./en/acts";
import { asked } from "./en/asked";
import { desk } from "./en/desk";
import { explained } from "./en/explained";
import { frame } from "./en/frame";
import { people } from "./en/people";
import { problems } from "./en/problems";
import { rules } from "./en/rules";
import { alarmAdvice, enrolmentTrouble, vocabulary } from "./en/vocabulary";

export const en = {
  locale: "en-GB",
  ...frame,
  ...desk,
  ...people,
  ...access,
  ...rules,
  ...asked,
  explained,
  acts,
  subjects,
  problems,
  vocabulary,
  alarmAdvice,
  enrolmentTrouble,
};

export type Words = typeof en;
