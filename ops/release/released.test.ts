import { expect, describe, it } from 'vitest';
import {
  checksumOf,
  freeze,
  frozenUpTo,
  problemsOf,
  readMigrationFiles,
  readReleased,
  type Released,
} from './released.ts';

it('what was released is as it was, and what is new comes behind it', () => {
  expect(problemsOf(readReleased(), readMigrationFiles())).toEqual([]);
});

const NOTHING: Released = { releases: [] };
const FIRST = '20260101000000_notes.sql';
const SECOND = '20260102000000_tags.sql';
const THIRD = '20260103000000_colors.sql';
const first = { [FIRST]: 'create table notes ();', [SECOND]: 'create table tags ();' };
const released = freeze(freeze(NOTHING, '0.1.0', first), '0.2.0', {
  ...first,
  [THIRD]: 'create type color;',
});
const now = { ...first, [THIRD]: 'create type color;' };

describe('freezing', () => {
  it('takes what no release before has frozen', () => {
    expect(released.releases.map(({ version, migrations }) => [version, Object.keys(migrations)])).toEqual([
      ['0.1.0', [FIRST, SECOND]],
      ['0.2.0', [THIRD]],
    ]);
    expect(released.releases[0]?.migrations[FIRST]).toBe(checksumOf('create table notes ();'));
    expect(frozenUpTo(released, '0.1.0')).toEqual([FIRST, SECOND]);
    expect(frozenUpTo(released)).toEqual([FIRST, SECOND, THIRD]);
    expect(frozenUpTo(NOTHING)).toEqual([]);
  });

  it('of a release without migrations records it', () => {
    expect(freeze(released, '0.3.0', now).releases.at(-1)).toEqual({ version: '0.3.0', migrations: {} });
  });

  it.each(['0.2.0', '0.1.9', '0.0.10'])('refuses %s, which is not behind the last release', (version) => {
    expect(() => freeze(released, version, now)).toThrow(/0\.2\.0 is frozen already: set a later version/);
  });

  it('knows that 0.10.0 is behind 0.9.0', () => {
    expect(() => freeze(freeze(NOTHING, '0.9.0', first), '0.10.0', now)).not.toThrow();
  });

  it.each(['', '1', '0.3.0-beta.1', 'v0.3.0'])('refuses "%s", which is no version to release', (version) => {
    expect(() => freeze(released, version, now)).toThrow('is no version to release');
  });

  it('refuses to freeze over a problem', () => {
    expect(() => freeze(released, '0.3.0', first)).toThrow(`${THIRD} was released with 0.2.0 and is gone`);
  });
});

describe('a checkout', () => {
  const messages = (migrations: Record<string, string>): string =>
    problemsOf(released, migrations).join('\n');

  it('may add migrations behind the released ones', () => {
    expect(problemsOf(released, { ...now, '20260104000000_more.sql': '' })).toEqual([]);
    expect(problemsOf(NOTHING, { ...now, '20260104000000_more.sql': '' })).toEqual([]);
  });

  it('may have other line ends', () => {
    const content = { [FIRST]: 'a\nb\n' };
    expect(problemsOf(freeze(NOTHING, '0.1.0', content), { [FIRST]: 'a\r\nb\r\n' })).toEqual([]);
  });

  it('must not change a released migration, not by a space', () => {
    const reported = messages({ ...now, [SECOND]: 'create table tags ( );' });
    expect(reported).toContain(`${SECOND} was released with 0.1.0 and has changed since`);
    expect(reported).toContain(`git checkout v0.1.0 -- supabase/migrations/${SECOND}`);
    expect(reported).toContain('put the change into a new migration');
  });

  it('must not remove or rename one', () => {
    const { [SECOND]: content = '', ...others } = now;
    expect(messages(others)).toContain(`${SECOND} was released with 0.1.0 and is gone. Bring it back`);
    expect(messages({ ...others, '20260102000000_labels.sql': content })).toContain(`${SECOND} was released`);
  });

  it('must not put one between them', () => {
    expect(messages({ ...now, '20260102120000_late.sql': '' })).toMatch(
      new RegExp(`20260102120000_late\\.sql is new but sorts before ${THIRD}.*Give it the time of now`),
    );
  });

  it('must not give two the same time', () => {
    const two = { ...now, '20260104000000_a.sql': '', '20260104000000_b.sql': '' };
    expect(messages(two)).toContain('20260104000000_b.sql has the time of 20260104000000_a.sql');
  });

  it('must name them as the Supabase CLI does', () => {
    expect(messages({ ...now, '2026_more.sql': '' })).toContain('2026_more.sql is no name of a migration');
    expect(messages({ ...now, 'more.sql': '' })).toContain('more.sql is no name of a migration');
  });
});
