/** The field has its own names for these things (docs/glossary.md). Names are split first: `toldOnce` contains `told`. */

interface RetiredTerm {
  name: string;
  /** Matched against a line whose names are split into words. */
  pattern: RegExp;
  instead: string;
  /** Other meanings, outside names, published codes. */
  except?: RegExp;
  /** Path prefixes; default: everywhere. */
  onlyIn?: readonly string[];
}

const RETIRED_TERMS: readonly RetiredTerm[] = [
  { name: 'told', pattern: /\btold\b/, instead: 'notified, reported, shown, returned' },
  {
    name: 'look (probe)',
    pattern: /\blook(?:s|ed|ing)?\b/,
    except: /\blook(?:s|ed|ing)? ?(?:up|for|like|ahead|behind|around|into)\b|\blet me look\b/,
    instead: 'probe, check, resync, read',
  },
  { name: 'examine', pattern: /\bexamin\w+/, instead: 'probe, check' },
  { name: 'sign of life', pattern: /\bsigns? of life\b/, instead: 'filler, ping, heartbeat' },
  {
    name: 'floor',
    pattern: /\bfloor\b/,
    except: /\bfloor\(|\bnoise floor\b/,
    instead: 'speech scheduler',
  },
  { name: 'handover', pattern: /\bhandovers?\b/, instead: 'handoff to background' },
  { name: 'culprit', pattern: /\bculprits?\b/, instead: 'rejected tool' },
  {
    name: 'away (offline)',
    pattern: /\b(?:is|was|are|were|be|been|goes|went|network|server|model|database) away\b/,
    instead: 'offline, down, unreachable',
  },
  {
    name: 'gone',
    pattern: /\bgone\b/,
    except: /\bflow gone\b|\b410\b/,
    instead: 'offline, removed, withdrawn',
    onlyIn: [
      'web/',
      'livekit/',
      'agent-worker/src/conversation/',
      'agent-worker/src/reports/',
      'docs/',
      'README',
    ],
  },
  {
    name: 'house, wall',
    pattern: /\b(?:house|walls?)\b/,
    except: /\bwall clock\b/,
    instead: 'package, folder, boundary',
  },
  {
    name: 'story',
    pattern: /\bstor(?:y|ies)\b/,
    except: /\btell me (?:a|another) (?:long )?story\b/,
    instead: 'end-to-end test',
    onlyIn: ['tests/', 'shared/', 'supabase/', 'web/', 'ops/', 'livekit/', 'agent-worker/', 'docs/'],
  },
  {
    name: 'guard',
    pattern: /\bguards?\b/,
    except: /\btype guards?\b/,
    instead: 'workaround',
    onlyIn: ['livekit/', 'agent-worker/', 'docs/'],
  },
  { name: 'witness', pattern: /\bwitness(?:es)?\b/, instead: 'reference host' },
  { name: 'heed', pattern: /\bheeds?\b/, instead: 'on, handle' },
  { name: 'in vain', pattern: /\bin vain\b/, instead: 'without effect, failed' },
  { name: 'unwell, trouble', pattern: /\b(?:unwell|trouble)\b/, instead: 'the name of the state' },
  {
    name: 'person',
    pattern: /\bpersons?\b/,
    instead: 'user, member',
    onlyIn: ['web/src/', 'livekit/', 'agent-worker/', 'shared/'],
  },
  { name: 'news', pattern: /\bnews\b/, instead: 'change, notification' },
  { name: 'sealed', pattern: /\bsealed anew\b/, instead: 'encrypted again' },
  { name: 'time-out', pattern: /\btime-outs?\b/, instead: 'timeout' },
  { name: 'e-mail', pattern: /\be-mails?\b/, instead: 'email' },
  {
    name: 'British spelling',
    pattern:
      /\b(?:behaviour|catalogues?|colour|licence|favour|(?:recogn|initial|synchron|normal|author|organ|serial)is(?:e[sd]?|ing|ation))\b/,
    instead: 'American spelling',
  },
];

export interface Finding {
  term: string;
  line: number;
  text: string;
  instead: string;
}

/** Finds retired terms in a file. */
export function findRetiredTerms(path: string, text: string, terms = RETIRED_TERMS): Finding[] {
  const applicable = terms.filter(({ onlyIn }) => onlyIn?.some((start) => path.startsWith(start)) ?? true);
  return text.split('\n').flatMap((line, index) => {
    const words = splitNames(line);
    return applicable
      .filter(({ pattern, except }) =>
        pattern.test(except ? words.replaceAll(new RegExp(except, 'g'), '') : words),
      )
      .map(({ name, instead }) => ({ term: name, line: index + 1, text: line.trim(), instead }));
  });
}

function splitNames(line: string): string {
  return line
    .replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, ' ')
    .replaceAll('_', ' ')
    .toLowerCase();
}
