import { testRecipes } from './recipes.mjs';

testRecipes('nginx');
