// Sequelize over node-pg: models, relations, transactions, upserts, bulk work, reflection.
import { DataTypes, Op, QueryTypes, Sequelize, UniqueConstraintError } from 'sequelize';

const show = (...what) => console.log(...what.map((one) => JSON.stringify(one)));
const ok = (...features) => features.forEach((one) => console.log(`ok ${one}`));
const comment = process.env.COMMENT || 'one';

const database = new Sequelize(`postgres://postgres@${process.env.ADDRESS}/postgres`, {
  logging: false,
  pool: { max: Number(process.env.POOL || '1') },
});
const User = database.define('User', {
  name: { type: DataTypes.STRING, allowNull: false, unique: true },
  mood: DataTypes.ENUM('sad', 'ok'),
  day: DataTypes.DATEONLY,
  seen: DataTypes.DATE,
  balance: DataTypes.DECIMAL(12, 2),
  big: DataTypes.BIGINT,
  ratio: DataTypes.DOUBLE,
  facts: DataTypes.JSONB,
  tags: DataTypes.ARRAY(DataTypes.STRING),
  key: DataTypes.UUID,
  photo: DataTypes.BLOB,
}, { timestamps: false });
const Post = database.define('Post', { title: DataTypes.TEXT }, { timestamps: false });
User.hasMany(Post, { as: 'posts' });
Post.belongsTo(User);

await database.sync({ force: true });
const ada = await User.create({
  name: "Ada O'Neil", mood: 'ok', day: '1815-12-10', seen: new Date(Date.UTC(2024, 1, 29, 1, 2, 3, 4)),
  balance: '12.50', big: '9007199254740993', ratio: 0.1, facts: { a: [1, null, 'é'] }, tags: ['x', 'y,z'],
  key: '6f1c2e0a-2f6b-4c3e-9b8a-0123456789ab', photo: Buffer.from([0, 1, 255]),
  posts: [{ title: 'first' }, { title: 'second "quoted"' }],
}, { include: [{ model: Post, as: 'posts' }] });
await User.bulkCreate([{ name: 'Bob' }, { name: 'Čeněk 🐎' }]);
show(await User.findAll({ include: { model: Post, as: 'posts' }, order: ['id', ['posts', 'id']] }));
show(await User.findAndCountAll({ where: { name: { [Op.iLike]: '%o%' } }, limit: 1, order: ['name'] }));
show(await User.count({ where: { tags: { [Op.contains]: ['x'] }, facts: { a: { [Op.ne]: null } } } }));
ok('object mapping', 'arrays and enums', 'NULLs', 'Unicode');

ada.balance = '99.99';
await ada.save();
show(await User.upsert({ id: ada.id, name: "Ada O'Neil", mood: 'sad' }, { returning: ['mood'] }));
await ada.increment('big', { by: 2 });
show(await ada.reload(), await Post.destroy({ where: { title: 'first' } }));

try {
  await User.create({ name: 'Bob' });
} catch (error) {
  show(error instanceof UniqueConstraintError, error.parent.code, error.fields);
}
ok('errors and recovery');
await database.transaction(async (transaction) => {
  await User.create({ name: 'Dan' }, { transaction });
  await database.transaction({ transaction }, async (inner) => {
    await Post.create({ title: 'nested', UserId: ada.id }, { transaction: inner });
  });
});
try {
  await database.transaction(async (transaction) => {
    await User.update({ mood: 'ok' }, { where: {}, transaction });
    throw new Error('changed my mind');
  });
} catch (error) {
  show(error.message);
}
show(await User.count({ where: { mood: 'ok' } }), await Post.count());
ok('rollback and savepoints');

const bound = 'select $1::int + $2::int as sum';
show(await database.query(bound, { bind: [1, 2], type: QueryTypes.SELECT }));
ok('extended protocol');
show(await Promise.all([1, 2, 3, 4, 5].map((id) => Post.count({ where: { id } }))));
ok('pool of 1, then 8');
show(await database.query(`select 1 as one /* traceparent='${comment}' */`, { type: QueryTypes.SELECT }));
ok('changed trace comments');
const inside = database.getQueryInterface();
show(await inside.showAllTables(), await inside.describeTable('Users'), await inside.showIndex('Users'));
ok('reflection');
await database.close();
