import { testRecipes } from './recipes.mjs';

testRecipes('caddy');
