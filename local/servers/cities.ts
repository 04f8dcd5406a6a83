const ZONE_OF_CITY: Record<string, string> = {
  beijing: 'Asia/Shanghai',
  bangalore: 'Asia/Kolkata',
  barcelona: 'Europe/Madrid',
  boston: 'America/New_York',
  'cape town': 'Africa/Johannesburg',
  delhi: 'Asia/Kolkata',
  geneva: 'Europe/Zurich',
  hamburg: 'Europe/Berlin',
  kyiv: 'Europe/Kiev',
  kyoto: 'Asia/Tokyo',
  miami: 'America/New_York',
  milan: 'Europe/Rome',
  montreal: 'America/Toronto',
  mumbai: 'Asia/Kolkata',
  munich: 'Europe/Berlin',
  'new delhi': 'Asia/Kolkata',
  'rio de janeiro': 'America/Sao_Paulo',
  'san francisco': 'America/Los_Angeles',
  seattle: 'America/Los_Angeles',
  washington: 'America/New_York',
};

/** Example cities. The speech grammar is built from them, so they are few and sound different. */
export const EXAMPLE_CITIES = [
  'Tokyo',
  'London',
  'Berlin',
  'Paris',
  'New York',
  'Los Angeles',
  'Sydney',
  'Singapore',
  'Dubai',
  'Nairobi',
  'Toronto',
  'Chicago',
] as const;

const zonesByCity = new Map<string, string>(Object.entries(ZONE_OF_CITY));
for (const zone of Intl.supportedValuesOf('timeZone')) {
  zonesByCity.set(zone.toLowerCase(), zone);
  zonesByCity.set(spoken(zone.slice(zone.lastIndexOf('/') + 1)), zone);
}
zonesByCity.set('utc', 'UTC');

/**
 * Finds the time zone of a city as people say it ("new york") or of a zone name ("Asia/Tokyo").
 * @returns an IANA zone name, or undefined for an unknown place
 */
export function zoneOf(place: string): string | undefined {
  return zonesByCity.get(spoken(place)) ?? zonesByCity.get(place.trim().toLowerCase());
}

function spoken(words: string): string {
  return words
    .normalize('NFD')
    .replace(/\p{Diacritic}/gu, '')
    .toLowerCase()
    .replace(/[^a-z]+/g, ' ')
    .trim();
}
