using Armada.Core.Robots;

// The records of Core carry the serializer's attributes; their codecs are generated here, so that Core references nothing but those attributes.
[assembly: GenerateCodeForDeclaringAssembly(typeof(RobotRequest))]
