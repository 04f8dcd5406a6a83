import fc from 'fast-check';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import { recordedCatalogs } from '../../testing/catalogs.ts';
import { ESTIMATE_MARGIN, estimateTokens, estimateToolTokens } from './token-estimate.ts';

const realToolTokens = ({ name, description, parameters }: Parameters<typeof estimateToolTokens>[0]) =>
  countTokens(JSON.stringify({ name, description, parameters }));

const definitions = recordedCatalogs().flatMap(({ name: server, tools }) =>
  tools.map(({ name, description = '', inputSchema }) => ({
    server,
    name: `${server}__${name}`,
    description,
    parameters: inputSchema,
  })),
);

/** One description in many languages, as a server's author would write it. */
const DESCRIPTIONS: Record<string, string> = {
  German:
    'Gibt die Wettervorhersage für einen angegebenen Ort zurück. Überschreitungen von Grenzwerten und Benachrichtigungseinstellungen lassen sich gesondert abfragen.',
  French:
    "Renvoie la liste des événements du calendrier de l'utilisateur pour la période demandée. Les créneaux déjà réservés sont signalés comme indisponibles.",
  Polish:
    'Zwraca listę zamówień klienta posortowaną według daty utworzenia. Użyj parametru strona, aby pobrać kolejne wyniki; błędne żądania są odrzucane.',
  Finnish:
    'Palauttaa asiakkaan tilaukset luontipäivän mukaan järjestettynä. Seuraavat tulokset haetaan sivuparametrilla, ja virheelliset pyynnöt hylätään.',
  Vietnamese:
    'Trả về danh sách đơn hàng của khách hàng, sắp xếp theo ngày tạo giảm dần. Dùng tham số trang để lấy các kết quả tiếp theo.',
  Russian: 'Возвращает список заказов указанного клиента, отсортированный по дате создания.',
  Greek: 'Επιστρέφει τις παραγγελίες του πελάτη ταξινομημένες κατά ημερομηνία δημιουργίας.',
  Hebrew: 'מחזיר את רשימת ההזמנות של הלקוח, ממוינת לפי תאריך היצירה.',
  Arabic: 'يعيد قائمة طلبات العميل المحدد مرتبة حسب تاريخ الإنشاء.',
  Hindi: 'निर्दिष्ट ग्राहक के ऑर्डर निर्माण तिथि के अनुसार क्रमबद्ध लौटाता है।',
  Thai: 'ส่งคืนรายการคำสั่งซื้อของลูกค้าที่ระบุ เรียงตามวันที่สร้าง',
  Chinese:
    '返回指定客户的订单列表，按创建日期降序排列。使用页码参数获取后续结果；如果请求无效，则返回错误信息。',
  'traditional Chinese': '傳回指定客戶的訂單清單，依建立日期遞減排序。若請求無效則傳回錯誤訊息。',
  Japanese: '指定された顧客の注文一覧を作成日の降順で返します。無効なリクエストの場合はエラーを返します。',
  Korean: '지정한 고객의 주문 목록을 생성일 기준 내림차순으로 반환합니다.',
  emoji: '✅ Done 🚀 Deploy 🎉🎊 ⚠️ Warning 👩‍👩‍👧‍👦 family 🇩🇪🇯🇵 flags 📊📈📉 charts 🔥💡🧪 ❌ 🏳️‍🌈 👍🏽',
  URLs: 'See https://api.example.com/v2/projects/42/items?filter[status]=open&sort=-created_at#top and http://www.grafana.com/docs/grafana/latest/developers/http_api/dashboard/ for details.',
  Markdown:
    '## Usage\n\n- **bold** item\n- `code`\n\n```json\n{"a": [1, 2, 3.14159], "b": null}\n```\n\n|a|b|\n|---|---|\n\t\tindented',
};

describe('the estimate of tool definitions', () => {
  it.each(recordedCatalogs().map(({ name }) => name))('is close to the real count for %s', (server) => {
    const own = definitions.filter((tool) => tool.server === server);
    const real = own.reduce((sum, tool) => sum + realToolTokens(tool), 0);
    const estimated = own.reduce((sum, tool) => sum + estimateToolTokens(tool), 0);
    expect(real / estimated).toBeLessThan(1 + ESTIMATE_MARGIN / 2);
    expect(estimated / real).toBeLessThan(1.1);
  });

  it('never undercounts a mix of tools that fills a model by more than the margin', () => {
    const mixes = fc.shuffledSubarray(definitions, { minLength: 20 });
    fc.assert(
      fc.property(mixes, (tools) => {
        const real = tools.reduce((sum, tool) => sum + realToolTokens(tool), 0);
        const estimated = tools.reduce((sum, tool) => sum + estimateToolTokens(tool), 0);
        return real <= estimated * (1 + ESTIMATE_MARGIN);
      }),
      { numRuns: 50 },
    );
  });

  it.each(Object.entries(DESCRIPTIONS))('holds its margin for definitions in %s', (_, description) => {
    const tool = {
      name: 'orders__list_orders',
      description,
      parameters: {
        type: 'object',
        properties: {
          page: { type: 'integer', minimum: 1, description },
          status: { type: 'string', enum: ['OPEN', 'IN_PROGRESS', 'DONE_WITH_WARNINGS', 'us-east-1', '2xl'] },
        },
        required: ['page'],
      },
    };
    expect(realToolTokens(tool)).toBeLessThanOrEqual(estimateToolTokens(tool) * (1 + ESTIMATE_MARGIN));
  });

  it('is the same whatever the order of the keys', () => {
    const property = { type: 'string', description: 'Newest first.', enum: ['a', 'b'] };
    const turned = { enum: ['a', 'b'], description: 'Newest first.', type: 'string' };
    const tokensOf = (order: object) =>
      estimateToolTokens({
        name: 'list',
        description: 'Lists.',
        parameters: { type: 'object', properties: { order } },
      });
    expect(tokensOf(turned)).toBe(tokensOf(property));
  });

  it('holds its margin for long lists of values', () => {
    const currencies = ['AFN', 'ALL', 'AMD', 'ANG', 'AOA', 'ARS', 'AUD', 'AWG', 'AZN', 'BAM', 'BBD', 'BDT'];
    const places = ['us-east-1', 'eu-central-1', 'ap-southeast-2', 'text/html', 'application/vnd.ms-excel'];
    const ids = ['550e8400-e29b-41d4-a716-446655440000', '6ba7b810-9dad-11d1-80b4-00c04fd430c8'];
    const tool = {
      name: 'money__convert',
      description: 'Converts.',
      parameters: { type: 'object', properties: { from: { enum: [...currencies, ...places, ...ids] } } },
    };
    expect(realToolTokens(tool)).toBeLessThanOrEqual(estimateToolTokens(tool) * (1 + ESTIMATE_MARGIN));
  });
});

describe('the estimate of a text', () => {
  it('is zero for an empty text, and otherwise at least one', () => {
    expect(estimateTokens('')).toBe(0);
    fc.assert(fc.property(fc.string({ unit: 'binary', minLength: 1 }), (text) => estimateTokens(text) >= 1));
  });
});
