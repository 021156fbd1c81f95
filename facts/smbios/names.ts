/** Names of enumerated values (DMTF DSP0134), spelt as dmidecode prints them. All lists start at 1. */

/** Type 3, offset 05h, lock bit aside. */
export const CHASSIS_TYPES: readonly string[] = [
  'Other',
  'Unknown',
  'Desktop',
  'Low Profile Desktop',
  'Pizza Box',
  'Mini Tower',
  'Tower',
  'Portable',
  'Laptop',
  'Notebook',
  'Hand Held',
  'Docking Station',
  'All In One',
  'Sub Notebook',
  'Space-saving',
  'Lunch Box',
  'Main Server Chassis',
  'Expansion Chassis',
  'Sub Chassis',
  'Bus Expansion Chassis',
  'Peripheral Chassis',
  'RAID Chassis',
  'Rack Mount Chassis',
  'Sealed-case PC',
  'Multi-system',
  'CompactPCI',
  'AdvancedTCA',
  'Blade',
  'Blade Enclosing',
  'Tablet',
  'Convertible',
  'Detachable',
  'IoT Gateway',
  'Embedded PC',
  'Mini PC',
  'Stick PC',
];

/** Type 2, offset 0Dh. */
export const BOARD_TYPES: readonly string[] = [
  'Unknown',
  'Other',
  'Server Blade',
  'Connectivity Switch',
  'System Management Module',
  'Processor Module',
  'I/O Module',
  'Memory Module',
  'Daughter Board',
  'Motherboard',
  'Processor+Memory Module',
  'Processor+I/O Module',
  'Interconnect Board',
];

/** Type 4, offset 05h. */
export const PROCESSOR_TYPES: readonly string[] = [
  'Other',
  'Unknown',
  'Central Processor',
  'Math Processor',
  'DSP Processor',
  'Video Processor',
];

/** Type 16, offset 04h; 0xA0 and up are add-on cards of machines long gone. */
export const ARRAY_LOCATIONS: readonly string[] = [
  'Other',
  'Unknown',
  'System Board Or Motherboard',
  'ISA Add-on Card',
  'EISA Add-on Card',
  'PCI Add-on Card',
  'MCA Add-on Card',
  'PCMCIA Add-on Card',
  'Proprietary Add-on Card',
  'NuBus',
];

/** Type 16, offset 05h. */
export const ARRAY_USES: readonly string[] = [
  'Other',
  'Unknown',
  'System Memory',
  'Video Memory',
  'Flash Memory',
  'Non-volatile RAM',
  'Cache Memory',
];

/** Type 16, offset 06h. */
export const ARRAY_ECC: readonly string[] = [
  'Other',
  'Unknown',
  'None',
  'Parity',
  'Single-bit ECC',
  'Multi-bit ECC',
  'CRC',
];

/** Type 7, offset 10h. */
export const CACHE_ECC: readonly string[] = ['Other', 'Unknown', 'None', 'Parity', 'Single-bit ECC', 'Multi-bit ECC'];

/** Type 7, offset 11h. */
export const CACHE_TYPES: readonly string[] = ['Other', 'Unknown', 'Instruction', 'Data', 'Unified'];

/** Type 17, offset 0Eh. */
export const MEMORY_FORM_FACTORS: readonly string[] = [
  'Other',
  'Unknown',
  'SIMM',
  'SIP',
  'Chip',
  'DIP',
  'ZIP',
  'Proprietary Card',
  'DIMM',
  'TSOP',
  'Row Of Chips',
  'RIMM',
  'SODIMM',
  'SRIMM',
  'FB-DIMM',
  'Die',
  'CAMM',
];

/** Type 17, offset 12h. */
export const MEMORY_TYPES: readonly string[] = [
  'Other',
  'Unknown',
  'DRAM',
  'EDRAM',
  'VRAM',
  'SRAM',
  'RAM',
  'ROM',
  'Flash',
  'EEPROM',
  'FEPROM',
  'EPROM',
  'CDRAM',
  '3DRAM',
  'SDRAM',
  'SGRAM',
  'RDRAM',
  'DDR',
  'DDR2',
  'DDR2 FB-DIMM',
  'Reserved',
  'Reserved',
  'Reserved',
  'DDR3',
  'FBD2',
  'DDR4',
  'LPDDR',
  'LPDDR2',
  'LPDDR3',
  'LPDDR4',
  'Logical non-volatile device',
  'HBM',
  'HBM2',
  'DDR5',
  'LPDDR5',
  'HBM3',
];

/** Type 17, offset 13h: bit 1 is the first. */
export const MEMORY_TYPE_DETAILS: readonly string[] = [
  'Other',
  'Unknown',
  'Fast-paged',
  'Static Column',
  'Pseudo-static',
  'RAMBus',
  'Synchronous',
  'CMOS',
  'EDO',
  'Window DRAM',
  'Cache DRAM',
  'Non-Volatile',
  'Registered (Buffered)',
  'Unbuffered (Unregistered)',
  'LRDIMM',
];

/** Type 41, offset 05h, enabled bit aside. */
export const ONBOARD_TYPES: readonly string[] = [
  'Other',
  'Unknown',
  'Video',
  'SCSI Controller',
  'Ethernet',
  'Token Ring',
  'Sound',
  'PATA Controller',
  'SATA Controller',
  'SAS Controller',
  'Wireless LAN',
  'Bluetooth',
  'WWAN',
  'eMMC',
  'NVMe Controller',
  'UFS Controller',
];

/** Type 38, offset 04h, counted from 0. */
export const IPMI_INTERFACES: readonly string[] = [
  'Unknown',
  'KCS (Keyboard Control Style)',
  'SMIC (Server Management Interface Chip)',
  'BT (Block Transfer)',
  'SSIF (SMBus System Interface)',
];

/** Type 9, offset 06h. */
export const SLOT_USAGES: readonly string[] = ['Other', 'Unknown', 'Available', 'In Use', 'Unavailable'];

/** Type 9, offset 07h. */
export const SLOT_LENGTHS: readonly string[] = [
  'Other',
  'Unknown',
  'Short',
  'Long',
  '2.5" drive form factor',
  '3.5" drive form factor',
];
