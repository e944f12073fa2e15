using Armada.Tests.Storage.Sqlite;

return await ChildProgram.RunAsync(args);
