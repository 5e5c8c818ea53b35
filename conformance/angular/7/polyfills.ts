import 'core-js/es7/reflect';
import 'zone.js/dist/zone';
