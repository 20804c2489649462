"""The tile map: one equal tile for each of China's 34 provincial regions, by the two letters of GB/T 2260."""

from dataclasses import dataclass

TABLE = """
HL 黑 0 7 Heilongjiang 黑龙江
XJ 新 1 0 Xinjiang 新疆
NM 蒙 1 4 Inner_Mongolia 内蒙古
BJ 京 1 5 Beijing 北京
LN 辽 1 6 Liaoning 辽宁
JL 吉 1 7 Jilin 吉林
GS 甘 2 1 Gansu 甘肃
NX 宁 2 2 Ningxia 宁夏
SN 陕 2 3 Shaanxi 陕西
SX 晋 2 4 Shanxi 山西
HE 冀 2 5 Hebei 河北
TJ 津 2 6 Tianjin 天津
XZ 藏 3 0 Xizang 西藏
QH 青 3 1 Qinghai 青海
SC 川 3 2 Sichuan 四川
CQ 渝 3 3 Chongqing 重庆
HA 豫 3 4 Henan 河南
SD 鲁 3 5 Shandong 山东
YN 云 4 1 Yunnan 云南
GZ 贵 4 2 Guizhou 贵州
HB 鄂 4 3 Hubei 湖北
AH 皖 4 4 Anhui 安徽
JS 苏 4 5 Jiangsu 江苏
SH 沪 4 6 Shanghai 上海
GX 桂 5 2 Guangxi 广西
HN 湘 5 3 Hunan 湖南
JX 赣 5 4 Jiangxi 江西
ZJ 浙 5 5 Zhejiang 浙江
GD 粤 6 3 Guangdong 广东
FJ 闽 6 4 Fujian 福建
TW 台 6 6 Taiwan 台湾
HI 琼 7 2 Hainan 海南
MO 澳 7 3 Macao 澳门
HK 港 7 4 Hong_Kong 香港
"""


@dataclass(frozen=True)
class Tile:
    """A region's place on the map and its names."""

    code: str
    short_zh: str
    row: int
    column: int
    name_en: str
    name_zh: str

    def short(self, language: str) -> str:
        """Return two letters, or the one-character name in Chinese."""
        return self.short_zh if language == "zh" else self.code

    def name(self, language: str) -> str:
        """Return the whole name."""
        return self.name_zh if language == "zh" else self.name_en


def parse(line: str) -> Tile:
    """Read one line of the table."""
    code, short_zh, row, column, name_en, name_zh = line.split()
    return Tile(code, short_zh, int(row), int(column), name_en.replace("_", " "), name_zh)


TILES = {tile.code: tile for tile in map(parse, TABLE.strip().splitlines())}


def short_name(region: str, language: str) -> str:
    """Return what the page calls a region; one outside the map keeps its own code."""
    return TILES[region].short(language) if region in TILES else region
