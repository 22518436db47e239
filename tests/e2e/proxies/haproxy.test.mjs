import { testRecipes } from './recipes.mjs';

testRecipes('haproxy');
